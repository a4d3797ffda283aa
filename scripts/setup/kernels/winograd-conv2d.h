// Convolution of one group with a 3x3 kernel and stride 1, by Winograd's minimal filtering.
#pragma once

#include "operation.h"
#include "winograd-backprop-filter.h"
#include "winograd-forward.h"

namespace cardinal {

struct WinogradConv2D {
  static constexpr const char* kName = "CardinalWinogradConv2D";

  static std::string Expected(const Attributes& a, const Geometry& g) {
    const bool has_panels = g.in_channels % winograd::kPanel == 0 && g.out_channels % winograd::kPanel == 0;
    if (has_panels && a.kernel_size == winograd::kTaps && a.stride == 1 && a.groups == 1) return "";
    return "a 3x3 kernel, stride 1, one group, and channels that 32 divides";
  }

  static void Run(Pass pass, const Attributes&, const Geometry& g, const float* first, const float* second,
                  float* output) {
    if (pass == Pass::kForward) return winograd::Forward(g, first, second, false, output);
    if (pass == Pass::kBackpropInput) {
      return winograd::Forward(g.Turned(winograd::kTaps), first, second, true, output);
    }
    winograd::BackpropFilter(g, first, second, output);
  }
};

}  // namespace cardinal
