// Convolution with stride 1: 36 products for 16 outputs, where the definition has 144.
#pragma once

#include "winograd-backprop-filter.h"
#include "winograd-filters.h"
#include "winograd-forward.h"

namespace cardinal::winograd {

// What a tile of outputs reads of the input.
inline Window UnitWindow(const Geometry& g, const Tiling::Place& place) {
  return {place.row - g.top, place.column - g.left, kTile, kTile};
}

constexpr auto kUnitSlot = [](int i, int j) { return i * kTile + j; };

inline void TransformUnitTile(const Geometry& g, const float* x, const Tiling& tiling, long tile,
                              const Panels<Square<kTile>>& panels, long at, float* v) {
  ForChannels({x, g.in_height, g.in_width, g.in_channels}, tiling, tile, kTile - kOut,
              [&](const Tiling::Place& place) { return UnitWindow(g, place); },
              [&](const Image& image, const Tiling::Place& place, long channel) {
                const Window window = UnitWindow(g, place);
                TransformWindow<InputTransform, InputTransform>(image, {window.row, 1}, {window.column, 1}, channel,
                                                                panels, at, v, kUnitSlot);
              });
}

// y `[batch, out_height, out_width, out]` of x `[batch, in_height, in_width, in]`. The input gradient is the same of a turned
// geometry and a filter that is turned by 180 degrees and exchanged.
class UnitForward : public ForwardPlan {
 public:
  using Tiles = Square<kTile>;
  using Filters = Square<kTile>;
  using Outputs = Square<kTile>;
  static Sum SumOf(int slot) { return {slot, slot, 1}; }

  using ForwardPlan::ForwardPlan;

  void TransformTile(long tile, const Panels<Tiles>& panels, long at, float* v) const {
    TransformUnitTile(g_, x_, tiling(), tile, panels, at, v);
  }

  CARDINAL_AVX512 void TransformFilter(long panel, long first_channel, const FilterPanel<Filters>& filters,
                                       float* u) const {
    const int turn = filter_.is_exchanged ? kTaps - 1 : 0;
    filter_.ForChannels(panel, first_channel, filters.in_channels,
                        [&](const Taps& taps, long at, long c, long lane) CARDINAL_AVX512 {
                          BothWays<FilterTransform, FilterTransform>(
                              [&](int i, int j, __m512& v)
                                  CARDINAL_AVX512 { v = taps.Load(std::abs(turn - i), std::abs(turn - j), at); },
                              [&](int i, int j, __m512 v) CARDINAL_AVX512 {
                                _mm512_store_ps(u + filters.At(kUnitSlot(i, j)) + c * kPanel + lane, v);
                              });
                        });
  }

  void WriteOutputs(const float* m, const Sums& sums, long first_tile, long panel) const {
    WriteSquares<OutputTransform>(m, sums, first_tile, panel, kUnitSlot);
  }
};

// d_filter `[3, 3, in, out]` of x and dy.
class UnitBackpropFilter : public FilterGradientPlan {
 public:
  using Inputs = Square<kTile>;
  using Outputs = Square<kTile>;

  using FilterGradientPlan::FilterGradientPlan;

  void TransformTile(long tile, long at, const Panels<Inputs>& v_panels, float* v, const Panels<Outputs>& w_panels,
                     float* w) const {
    TransformUnitTile(g_, x_, tiling(), tile, v_panels, at, v);
    TransformGradient<OutputGradient>(g_, dy_, tiling(), tile, w_panels, at, w, kUnitSlot);
  }

  CARDINAL_AVX512 void WriteFilter(const float* sums, long in_panel, long out_panel) const {
    ForFilters(sums, in_panel, out_panel, [&](const float* from, float* to) CARDINAL_AVX512 {
      BothWays<FilterGradient, FilterGradient>(
          [&](int i, int j, __m512& v) CARDINAL_AVX512 { v = _mm512_load_ps(from + kUnitSlot(i, j) * kPairSlot); },
          [&](int i, int j, __m512 v) CARDINAL_AVX512 { _mm512_storeu_ps(to + (i * kTaps + j) * Tap(), v); });
    });
  }
};

}  // namespace cardinal::winograd
