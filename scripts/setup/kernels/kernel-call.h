// A call of a kernel through TensorFlow's C interface, and how an operation is made known with its kernel. All tensors are
// float32.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "tensorflow-kernels.h"

namespace cardinal {

struct Status {
  TF_Status* const raw = TF_NewStatus();
  ~Status() { TF_DeleteStatus(raw); }
  bool IsOk() const { return TF_GetCode(raw) == TF_OK; }
};

struct DeleteTensor {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Tensor = std::unique_ptr<TF_Tensor, DeleteTensor>;

inline float* Values(const Tensor& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

// Inputs and outputs of one call. After a first failure all do nothing.
class KernelCall {
 public:
  explicit KernelCall(TF_OpKernelContext* context) : context_(context) {}

  bool IsOk() const { return status_.IsOk(); }

  Tensor Input(int index) {
    TF_Tensor* tensor = nullptr;
    if (IsOk()) TF_GetInput(context_, index, &tensor, status_.raw);
    return Tensor(tensor);
  }

  Tensor Output(int index, const int64_t* shape, int rank) {
    if (!IsOk()) return nullptr;
    size_t bytes = sizeof(float);
    for (int axis = 0; axis < rank; ++axis) bytes *= shape[axis];
    return Tensor(TF_AllocateOutput(context_, index, TF_FLOAT, shape, rank, bytes, status_.raw));
  }

  // Ends the call with TensorFlow's own failure, or with what was expected of its inputs.
  void Fail(const std::string& expected = "") {
    if (IsOk()) TF_SetStatus(status_.raw, TF_INVALID_ARGUMENT, ("expected " + expected).c_str());
    TF_OpKernelContext_Failure(context_, status_.raw);
  }

 private:
  TF_OpKernelContext* const context_;
  Status status_;
};

// An operation as TensorFlow knows it: attributes with their types, `momentum: float`, and tensors by name.
struct Operation {
  std::string name;
  std::vector<std::string> attributes, inputs, outputs;
  void (*infer_shapes)(TF_ShapeInferenceContext*, TF_Status*);
};

// Gives TensorFlow an operation and its kernel. Where `status` tells of an earlier failure, does nothing.
inline void RegisterOperation(const Operation& operation, void* (*create)(TF_OpKernelConstruction*),
                              void (*compute)(void* kernel, TF_OpKernelContext*), void (*destroy)(void* kernel),
                              Status& status) {
  if (!status.IsOk()) return;
  const char* name = operation.name.c_str();
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(name);
  for (const auto& attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(builder, attribute.c_str());
  for (const auto& input : operation.inputs) TF_OpDefinitionBuilderAddInput(builder, (input + ": float").c_str());
  for (const auto& output : operation.outputs) TF_OpDefinitionBuilderAddOutput(builder, (output + ": float").c_str());
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, operation.infer_shapes);
  TF_RegisterOpDefinition(builder, status.raw);
  if (!status.IsOk()) return;
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, compute, destroy), status.raw);
}

// A kernel's attributes of numbers, `Value` being float or int32_t, or nothing where TensorFlow lacks one: then it has heard.
template <typename Value, size_t N>
std::unique_ptr<std::array<Value, N>> ReadAttributes(TF_OpKernelConstruction* construction,
                                                     const std::array<const char*, N>& names) {
  auto values = std::make_unique<std::array<Value, N>>();
  Status status;
  for (size_t i = 0; i < N && status.IsOk(); ++i) {
    if constexpr (std::is_same_v<Value, float>) {
      TF_OpKernelConstruction_GetAttrFloat(construction, names[i], &(*values)[i], status.raw);
    } else {
      TF_OpKernelConstruction_GetAttrInt32(construction, names[i], &(*values)[i], status.raw);
    }
  }
  if (status.IsOk()) return values;
  TF_OpKernelConstruction_Failure(construction, status.raw);
  return nullptr;
}

}  // namespace cardinal
