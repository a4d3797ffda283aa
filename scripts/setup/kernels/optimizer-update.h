// An optimiser's update of one tensor of weights, in one pass over memory.
//
// Updates wait for memory: made of operations of TensorFlow, SGD with momentum reads and writes 20 times the size of the
// weights, and this 5 times.
//
// A rule is a class with a name for its operation, the names of its attributes, slots and settings, a constructor that takes
// the values of attributes and settings, and
//   Apply(gradient, weights, slots): 16 of each to their new values
// It becomes NAME(weights, gradient, slots..., settings...) -> new_weights, new_slots...: weights, gradient and slots of one
// shape, settings scalars.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "geometry.h"
#include "kernel-call.h"
#include "team.h"

namespace cardinal {

// Values that a job takes: enough to be worth a job, few enough to share out a layer.
constexpr long kUpdatesAJob = 1L << 15;
// New values of as many are not read again before the cache has lost them: they are written past it.
constexpr long kUpdatesPastCache = 1L << 17;

template <typename Rule>
using Arrays = std::array<float*, 1 + Rule::kSlots.size()>;

// Updates a range. `before` and `after` are weights and slots.
template <typename Rule>
CARDINAL_AVX512 void UpdateRange(const Rule& rule, const float* gradient, const Arrays<Rule>& before,
                                 const Arrays<Rule>& after, long begin, long end, bool is_past_cache) {
  for (long i = begin; i < end; i += kLanes) {
    const __mmask16 lanes = end - i < kLanes ? (1u << (end - i)) - 1 : 0xffff;
    __m512 values[1 + Rule::kSlots.size()];
    for (size_t k = 0; k < before.size(); ++k) values[k] = _mm512_maskz_loadu_ps(lanes, before[k] + i);
    rule.Apply(_mm512_maskz_loadu_ps(lanes, gradient + i), values[0], values + 1);
    for (size_t k = 0; k < after.size(); ++k) {
      if (is_past_cache && lanes == 0xffff) {
        _mm512_stream_ps(after[k] + i, values[k]);
      } else {
        _mm512_mask_storeu_ps(after[k] + i, lanes, values[k]);
      }
    }
  }
  _mm_sfence();
}

template <typename Rule>
void ComputeUpdate(void* kernel, TF_OpKernelContext* context) {
  constexpr int kArrays = 1 + Rule::kSlots.size(), kInputs = kArrays + 1 + Rule::kSettings.size();
  KernelCall call(context);
  std::array<Tensor, kInputs> inputs;
  for (int i = 0; i < kInputs; ++i) inputs[i] = call.Input(i);
  if (!call.IsOk()) return call.Fail();
  const TF_Tensor* weights = inputs[0].get();
  const int rank = TF_NumDims(weights);
  std::array<int64_t, 16> shape;
  if (rank > static_cast<int>(shape.size())) return call.Fail("weights of rank 16 at the most");
  for (int axis = 0; axis < rank; ++axis) shape[axis] = TF_Dim(weights, axis);
  for (int i = 1; i <= kArrays; ++i) {
    const TF_Tensor* other = inputs[i].get();
    bool is_same = TF_NumDims(other) == rank;
    for (int axis = 0; is_same && axis < rank; ++axis) is_same = TF_Dim(other, axis) == shape[axis];
    if (!is_same) return call.Fail("a gradient and slots of the shape of the weights");
  }
  std::array<float, Rule::kSettings.size()> settings;
  for (size_t i = 0; i < settings.size(); ++i) {
    const Tensor& setting = inputs[kArrays + 1 + i];
    if (TF_TensorElementCount(setting.get()) != 1) return call.Fail("settings of one number");
    settings[i] = *Values(setting);
  }
  std::array<Tensor, kArrays> outputs;
  for (int i = 0; i < kArrays; ++i) outputs[i] = call.Output(i, shape.data(), rank);
  if (!call.IsOk()) return call.Fail();

  Arrays<Rule> before, after;
  bool is_aligned = true;
  for (int i = 0; i < kArrays; ++i) {
    before[i] = Values(inputs[i == 0 ? 0 : i + 1]);
    after[i] = Values(outputs[i]);
    is_aligned = is_aligned && reinterpret_cast<uintptr_t>(after[i]) % sizeof(__m512) == 0;
  }
  const Rule rule(*static_cast<const typename Rule::Attributes*>(kernel), settings);
  const float* gradient = Values(inputs[1]);
  const long count = TF_TensorElementCount(weights);
  const bool is_past_cache = is_aligned && count >= kUpdatesPastCache;
  Team::Instance().Run((count + kUpdatesAJob - 1) / kUpdatesAJob, [&](long job) {
    const long begin = job * kUpdatesAJob;
    UpdateRange(rule, gradient, before, after, begin, std::min(count, begin + kUpdatesAJob), is_past_cache);
  });
}

// All outputs are of the first input's shape.
inline void InferShapesOfFirst(TF_ShapeInferenceContext* context, TF_Status* status, int outputs) {
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, 0, shape, status);
  for (int i = 0; i < outputs && TF_GetCode(status) == TF_OK; ++i) {
    TF_ShapeInferenceContextSetOutput(context, i, shape, status);
  }
  TF_DeleteShapeHandle(shape);
}

// Gives TensorFlow the operation of a rule; whether it took it.
template <typename Rule>
bool RegisterUpdate() {
  Operation operation{Rule::kName, {}, {"weights", "gradient"}, {"new_weights"}, nullptr};
  for (const char* name : Rule::kAttributes) operation.attributes.push_back(std::string(name) + ": float");
  for (const char* name : Rule::kSlots) {
    operation.inputs.push_back(name);
    operation.outputs.push_back(std::string("new_") + name);
  }
  for (const char* name : Rule::kSettings) operation.inputs.push_back(name);
  operation.infer_shapes = [](TF_ShapeInferenceContext* context, TF_Status* status) {
    InferShapesOfFirst(context, status, 1 + Rule::kSlots.size());
  };
  Status status;
  RegisterOperation(
      operation,
      [](TF_OpKernelConstruction* construction) -> void* {
        return ReadAttributes<float>(construction, Rule::kAttributes).release();
      },
      ComputeUpdate<Rule>,
      [](void* kernel) { delete static_cast<typename Rule::Attributes*>(kernel); }, status);
  return status.IsOk();
}

}  // namespace cardinal
