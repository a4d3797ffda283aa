// Grouped convolution of 1, 4, 8 or 16 channels a group, as many out as in.
//
// oneDNN's kernels fill a vector with one group, a quarter of it where a group has 4 channels. These take 16 channels side
// by side, whatever groups they belong to: each channel of a group is spread over the lanes of its group and meets 16
// weights at once.
#pragma once

#include "convolution.h"
#include "direct-backprop-filter.h"
#include "direct-backprop-input.h"
#include "direct-forward.h"

namespace cardinal {

struct DirectConv2D {
  static constexpr const char* kName = "CardinalDirectConv2D";

  static std::string Expected(const Attributes& a, const Geometry& g) {
    if (g.in_channels != g.out_channels || g.in_channels % kLanes != 0) return "equal channels, which 16 divides";
    if (WithConstants(a, g, [](auto, auto, auto) {})) return "";
    return "stride 1 or 2, groups of 4, 8 or 16 channels and a 3x3 kernel, or of 1 and 3x3, 5x5 or 7x7";
  }

  static void Run(Pass pass, const Attributes& a, const Geometry& g, const float* first, const float* second,
                  float* output) {
    WithConstants(a, g, [&](auto group, auto size, auto stride) {
      constexpr int G = group, K = size, S = stride;
      if (pass == Pass::kBackpropInput) return direct::BackpropInput<G, K, S>(g, first, second, output);
      if (pass == Pass::kBackpropFilter) return direct::BackpropFilter<G, K, S>(g, first, second, output);
      static thread_local Scratch scratch;
      float* packed = scratch.OfSize(g.Blocks() * kPackedBlock<G, K>);
      direct::PackFilter<G, K>(g.in_channels, second, packed);
      direct::Forward<G, K, S>(g, first, packed, output);
    });
  }

 private:
  // Calls `body` with channels a group, kernel size and stride as constants; false where there is no kernel for them.
  template <typename Body>
  static bool WithConstants(const Attributes& a, const Geometry& g, const Body& body) {
    const auto with_stride = [&](auto group, auto size) {
      if (a.stride == 1) return body(group, size, std::integral_constant<int, 1>()), true;
      if (a.stride == 2) return body(group, size, std::integral_constant<int, 2>()), true;
      return false;
    };
    constexpr std::integral_constant<int, 3> three;
    const long group_size = g.in_channels / a.groups;
    if (group_size == 1) {
      constexpr std::integral_constant<int, 1> one;
      if (a.kernel_size == 3) return with_stride(one, three);
      if (a.kernel_size == 5) return with_stride(one, std::integral_constant<int, 5>());
      if (a.kernel_size == 7) return with_stride(one, std::integral_constant<int, 7>());
      return false;
    }
    if (a.kernel_size != 3) return false;
    if (group_size == 4) return with_stride(std::integral_constant<int, 4>(), three);
    if (group_size == 8) return with_stride(std::integral_constant<int, 8>(), three);
    if (group_size == 16) return with_stride(std::integral_constant<int, 16>(), three);
    return false;
  }
};

}  // namespace cardinal
