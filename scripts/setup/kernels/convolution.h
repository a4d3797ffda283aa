// Convolutions as operations of TensorFlow, by its C interface.
//
// A family of kernels is a class with a name for its operations and two functions:
//   Expected(attributes, geometry): what it needs and does not get, in words; empty where it can compute
//   Run(pass, attributes, geometry, first, second, output)
// It becomes NAME(x, filter) -> y, NAMEBackpropInput(dy, filter) -> dx and NAMEBackpropFilter(x, dy) -> d_filter. Images are
// NHWC, filters [height, width, in / groups, out], all float32.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "geometry.h"
#include "kernel-call.h"

namespace cardinal {

enum class Pass { kForward, kBackpropInput, kBackpropFilter };

// What an operation's attributes say; a kernel keeps them. `height` and `width` are those of x in the input gradient, and
// else of y: what the tensors leave open.
struct Attributes {
  int32_t kernel_size, groups, stride, top, left, height, width;
};
constexpr std::array<const char*, 7> kAttributeNames{"kernel_size", "groups", "stride", "top",
                                                     "left",        "height", "width"};

using Shape = std::array<int64_t, 4>;

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
  KernelCall call(context);
  const Tensor first = call.Input(0), second = call.Input(1);
  if (!call.IsOk()) return call.Fail();
  Geometry g;
  Shape shape;
  std::string expected = ReadGeometry(P, a, first, second, g, shape);
  if (expected.empty()) expected = Family::Expected(a, g);
  if (!expected.empty()) return call.Fail(expected);
  const Tensor output = call.Output(0, shape.data(), shape.size());
  if (!call.IsOk()) return call.Fail();
  if (TF_TensorByteSize(output.get()) > 0) Family::Run(P, a, g, Values(first), Values(second), Values(output));
}

inline void* CreateKernel(TF_OpKernelConstruction* construction) {
  const auto values = ReadAttributes<int32_t>(construction, kAttributeNames);
  if (values == nullptr) return nullptr;
  const auto [kernel_size, groups, stride, top, left, height, width] = *values;
  return new Attributes{kernel_size, groups, stride, top, left, height, width};
}

inline void DestroyKernel(void* kernel) { delete static_cast<Attributes*>(kernel); }

template <typename Family, Pass P>
void RegisterPass(const std::string& name, const std::vector<std::string>& inputs, const char* output, Status& status) {
  std::vector<std::string> attributes;
  for (const char* attribute : kAttributeNames) attributes.push_back(std::string(attribute) + ": int");
  // The C interface shows a shape function no attributes of numbers, and these decide the shape.
  RegisterOperation({name, attributes, inputs, {output}, TF_ShapeInferenceContextSetUnknownShape}, CreateKernel,
                    Compute<Family, P>, DestroyKernel, status);
}

// Gives TensorFlow the three operations of a family; whether it took them.
template <typename Family>
bool RegisterFamily() {
  const std::string name = Family::kName;
  Status status;
  RegisterPass<Family, Pass::kForward>(name, {"x", "filter"}, "y", status);
  RegisterPass<Family, Pass::kBackpropInput>(name + "BackpropInput", {"dy", "filter"}, "dx", status);
  RegisterPass<Family, Pass::kBackpropFilter>(name + "BackpropFilter", {"x", "dy"}, "d_filter", status);
  return status.IsOk();
}

}  // namespace cardinal
