// Convolutions as operations of TensorFlow, by its C interface.
//
// A family of kernels is a class with a name for its operations and two functions:
//   Expected(attributes, geometry): what it needs and does not get, in words; empty where it can compute
//   Run(pass, attributes, geometry, first, second, output)
// It becomes NAME(x, filter) -> y, NAMEBackpropInput(dy, filter) -> dx and NAMEBackpropFilter(x, dy) -> d_filter. Images are
// NHWC, filters [height, width, in / groups, out], all float32.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "geometry.h"
#include "tensorflow-kernels.h"

namespace cardinal {

enum class Pass { kForward, kBackpropInput, kBackpropFilter };

// What an operation's attributes say; a kernel keeps them. `height` and `width` are those of x in the input gradient, and
// else of y: what the tensors leave open.
struct Attributes {
  int32_t kernel_size, groups, stride, top, left, height, width;
};
constexpr std::array<const char*, 7> kAttributeNames{"kernel_size", "groups", "stride", "top",
                                                     "left",        "height", "width"};

struct Status {
  TF_Status* const raw = TF_NewStatus();
  ~Status() { TF_DeleteStatus(raw); }
  bool IsOk() const { return TF_GetCode(raw) == TF_OK; }
};

struct DeleteTensor {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Tensor = std::unique_ptr<TF_Tensor, DeleteTensor>;
using Shape = std::array<int64_t, 4>;

inline float* Values(const Tensor& tensor) { return static_cast<float*>(TF_TensorData(tensor.get())); }

inline bool IsImageOrFilter(const Tensor& tensor) {
  return TF_TensorType(tensor.get()) == TF_FLOAT && TF_NumDims(tensor.get()) == 4;
}

inline Shape ShapeOf(const Tensor& tensor) {
  Shape shape;
  for (int axis = 0; axis < 4; ++axis) shape[axis] = TF_Dim(tensor.get(), axis);
  return shape;
}

// Reads the geometry off an operation's inputs, and sets the shape of its output. Returns what is wrong with them, as what
// was expected, or nothing.
inline std::string ReadGeometry(Pass pass, const Attributes& a, const Tensor& first, const Tensor& second, Geometry& g,
                                Shape& output) {
  if (!IsImageOrFilter(first) || !IsImageOrFilter(second)) return "inputs of float32 and rank 4";
  if (a.kernel_size < 1 || a.groups < 1 || a.height < 0 || a.width < 0) return "positive sizes and groups";
  if (a.top < 0 || a.left < 0 || a.top >= a.kernel_size || a.left >= a.kernel_size) {
    return "zeros on a side that are less than the kernel's size";
  }
  const Shape image = ShapeOf(first), other = ShapeOf(second);
  const bool is_input_gradient = pass == Pass::kBackpropInput;
  g = {image[0], image[3], other[3], image[1], image[2], a.height, a.width, a.top, a.left};
  if (is_input_gradient) {
    g = {image[0], other[2] * a.groups, image[3], a.height, a.width, image[1], image[2], a.top, a.left};
  }
  if (g.in_channels % a.groups != 0 || g.out_channels % a.groups != 0) return "groups that divide the channels";
  const Shape x{g.batch, g.in_height, g.in_width, g.in_channels};
  const Shape y{g.batch, g.out_height, g.out_width, g.out_channels};
  const Shape filter{a.kernel_size, a.kernel_size, g.in_channels / a.groups, g.out_channels};
  output = pass == Pass::kForward ? y : is_input_gradient ? x : filter;
  const Shape& expected = pass == Pass::kBackpropFilter ? y : filter;
  return other == expected ? "" : "a second input whose shape goes with the first";
}

template <typename Family, Pass P>
void Compute(void* kernel, TF_OpKernelContext* context) {
  const Attributes& a = *static_cast<const Attributes*>(kernel);
  Status status;
  const auto fail = [&](const std::string& expected) {
    if (status.IsOk()) TF_SetStatus(status.raw, TF_INVALID_ARGUMENT, ("expected " + expected).c_str());
    TF_OpKernelContext_Failure(context, status.raw);
  };
  const auto input = [&](int index) {
    TF_Tensor* tensor = nullptr;
    if (status.IsOk()) TF_GetInput(context, index, &tensor, status.raw);
    return Tensor(tensor);
  };
  const Tensor first = input(0), second = input(1);
  if (!status.IsOk()) return fail("");
  Geometry g;
  Shape shape;
  std::string expected = ReadGeometry(P, a, first, second, g, shape);
  if (expected.empty()) expected = Family::Expected(a, g);
  if (!expected.empty()) return fail(expected);
  const size_t bytes = shape[0] * shape[1] * shape[2] * shape[3] * sizeof(float);
  const Tensor output(TF_AllocateOutput(context, 0, TF_FLOAT, shape.data(), 4, bytes, status.raw));
  if (!status.IsOk()) return fail("");
  if (bytes > 0) Family::Run(P, a, g, Values(first), Values(second), Values(output));
}

inline void* CreateKernel(TF_OpKernelConstruction* construction) {
  std::array<int32_t, kAttributeNames.size()> values;
  Status status;
  for (size_t i = 0; i < kAttributeNames.size() && status.IsOk(); ++i) {
    TF_OpKernelConstruction_GetAttrInt32(construction, kAttributeNames[i], &values[i], status.raw);
  }
  if (!status.IsOk()) {
    TF_OpKernelConstruction_Failure(construction, status.raw);
    return nullptr;
  }
  const auto [kernel_size, groups, stride, top, left, height, width] = values;
  return new Attributes{kernel_size, groups, stride, top, left, height, width};
}

inline void DestroyKernel(void* kernel) { delete static_cast<Attributes*>(kernel); }

template <typename Family, Pass P>
void RegisterPass(const std::string& name, std::array<const char*, 3> tensors, TF_Status* status) {
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder(name.c_str());
  for (const char* attribute : kAttributeNames) {
    TF_OpDefinitionBuilderAddAttr(operation, (std::string(attribute) + ": int").c_str());
  }
  const auto [first, second, output] = tensors;
  TF_OpDefinitionBuilderAddInput(operation, first);
  TF_OpDefinitionBuilderAddInput(operation, second);
  TF_OpDefinitionBuilderAddOutput(operation, output);
  // The C interface shows a shape function no attributes of numbers, and these decide the shape.
  TF_OpDefinitionBuilderSetShapeInferenceFunction(operation, TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(operation, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name.c_str(), "CPU", CreateKernel, Compute<Family, P>, DestroyKernel);
  TF_RegisterKernelBuilder(name.c_str(), kernel, status);
}

// Gives TensorFlow the three operations of a family; whether it took them.
template <typename Family>
bool RegisterFamily() {
  const std::string name = Family::kName;
  Status status;
  RegisterPass<Family, Pass::kForward>(name, {"x: float", "filter: float", "y: float"}, status.raw);
  if (!status.IsOk()) return false;
  RegisterPass<Family, Pass::kBackpropInput>(name + "BackpropInput", {"dy: float", "filter: float", "dx: float"},
                                             status.raw);
  if (!status.IsOk()) return false;
  RegisterPass<Family, Pass::kBackpropFilter>(name + "BackpropFilter", {"x: float", "dy: float", "d_filter: float"},
                                              status.raw);
  return status.IsOk();
}

}  // namespace cardinal
