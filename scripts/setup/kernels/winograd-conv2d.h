// Convolution of one group with a 3x3 kernel, by Winograd's minimal filtering.
#pragma once

#include "convolution.h"
#include "winograd-strided.h"
#include "winograd-unit.h"

namespace cardinal {

struct WinogradConv2D {
  static constexpr const char* kName = "CardinalWinogradConv2D";

  static std::string Expected(const Attributes& a, const Geometry& g) {
    const bool has_panels = g.in_channels % winograd::kPanel == 0 && g.out_channels % winograd::kPanel == 0;
    const bool has_stride = a.stride == 1 || a.stride == 2;
    if (has_panels && has_stride && a.kernel_size == winograd::kTaps && a.groups == 1) return "";
    return "a 3x3 kernel, stride 1 or 2, one group, and channels that 32 divides";
  }

  static void Run(Pass pass, const Attributes& a, const Geometry& g, const float* first, const float* second,
                  float* output) {
    using namespace winograd;
    if (a.stride == 1) {
      if (pass == Pass::kForward) return Forward(UnitForward(g, first, second, false, output));
      if (pass == Pass::kBackpropInput) return Forward(UnitForward(g.Turned(kTaps), first, second, true, output));
      return BackpropFilter(UnitBackpropFilter(g, first, second, output));
    }
    if (pass == Pass::kForward) return Forward(StridedForward(g, first, second, false, output));
    if (pass == Pass::kBackpropInput) return Forward(StridedBackpropInput(g, first, second, output));
    BackpropFilter(StridedBackpropFilter(g, first, second, output));
  }
};

}  // namespace cardinal
