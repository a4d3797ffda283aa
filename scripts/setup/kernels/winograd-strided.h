// Convolution with stride 2: 81 products for 16 outputs, where the definition has 144.
#pragma once

#include "winograd-backprop-filter.h"
#include "winograd-filters.h"
#include "winograd-forward.h"
#include "winograd-strided-transforms.h"

namespace cardinal::winograd {

constexpr auto kStridedSlot = [](int i, int j) { return i * kStridedTile + j; };

// What a tile of outputs reads of the input.
inline Window StridedWindow(const Geometry& g, const Tiling::Place& place) {
  constexpr int kSide = 2 * kOut + 1;
  return {2 * place.row - g.top, 2 * place.column - g.left, kSide, kSide};
}

inline void TransformStridedTile(const Geometry& g, const float* x, const Tiling& tiling, long tile,
                                 const Panels<Phases>& panels, long at, float* v) {
  ForChannels({x, g.in_height, g.in_width, g.in_channels}, tiling, tile, 1,
              [&](const Tiling::Place& place) { return StridedWindow(g, place); },
              [&](const Image& image, const Tiling::Place& place, long channel) CARDINAL_AVX512 {
                const Window window = StridedWindow(g, place);
                ForPhases([&](auto odd_row, auto odd_column) CARDINAL_AVX512 {
                  using Rows = ByPhase<odd_row, EvenInput, OddInput>;
                  using Columns = ByPhase<odd_column, EvenInput, OddInput>;
                  TransformWindow<Rows, Columns>(image, {window.row + odd_row, 2}, {window.column + odd_column, 2},
                                                 channel, panels, at, v,
                                                 [=](int i, int j) { return Phases::Slot(odd_row, odd_column, i, j); });
                });
              });
}

// Taps of a phase in their order: of even rows or columns the first and the last, which may be turned; of odd ones the middle.
struct PhaseTaps {
  bool is_odd, is_turned;
  int operator[](int i) const { return is_odd ? 1 : (i == 0) == is_turned ? kTaps - 1 : 0; }
};

// Filters of a panel of outputs, for the input channels from `first_channel` on.
CARDINAL_AVX512 inline void TransformStridedFilter(const Filter& filter, bool are_rows_turned, bool are_columns_turned,
                                                   long panel, long first_channel, const FilterPanel<Phases>& filters,
                                                   float* u) {
  filter.ForChannels(panel, first_channel, filters.in_channels,
                     [&](const Taps& taps, long at, long c, long lane) CARDINAL_AVX512 {
                       ForPhases([&](auto odd_row, auto odd_column) CARDINAL_AVX512 {
                         const PhaseTaps rows{odd_row, are_rows_turned}, columns{odd_column, are_columns_turned};
                         BothWays<ByPhase<odd_row, EvenFilter, OddFilter>, ByPhase<odd_column, EvenFilter, OddFilter>>(
                             [&](int i, int j, __m512& v)
                                 CARDINAL_AVX512 { v = taps.Load(rows[i], columns[j], at); },
                             [&](int i, int j, __m512 v) CARDINAL_AVX512 {
                               const long slot = filters.At(Phases::Slot(odd_row, odd_column, i, j));
                               _mm512_store_ps(u + slot + c * kPanel + lane, v);
                             });
                       });
                     });
}

// y `[batch, out_height, out_width, out]` of x `[batch, in_height, in_width, in]`.
class StridedForward : public ForwardPlan {
 public:
  using Tiles = Phases;
  using Filters = Phases;
  using Outputs = Square<kStridedTile>;
  static Sum SumOf(int slot) {
    const int i = slot / kStridedTile, j = slot % kStridedTile;
    return {Phases::First(i, j), Phases::First(i, j), Phases::Count(i, j)};
  }

  using ForwardPlan::ForwardPlan;

  void TransformTile(long tile, const Panels<Tiles>& panels, long at, float* v) const {
    TransformStridedTile(g_, x_, tiling(), tile, panels, at, v);
  }

  void TransformFilter(long panel, long first_channel, const FilterPanel<Filters>& filters, float* u) const {
    TransformStridedFilter(filter_, false, false, panel, first_channel, filters, u);
  }

  void WriteOutputs(const float* m, const Sums& sums, long first_tile, long panel) const {
    WriteSquares<EvenOutput>(m, sums, first_tile, panel, kStridedSlot);
  }
};

// What 8 rows or columns of the input, from `first` on, are to the output gradient, with `padding` zeros before the input. In
// phase `even`, where the padded input's number is even, it is (g2, g0) convolved with the gradient, in phase `odd` it is (g1).
// Where the padding is odd, both phases of a tile begin with the same gradient when read upwards, and else when read downwards,
// so that the taps are turned.
struct InputAxis {
  InputAxis(long first, long padding)
      : is_turned(padding % 2 == 1),
        gradients(is_turned ? Span{first / 2, 1} : Span{first / 2 + padding / 2 + kOut - 1, -1}),
        even(is_turned ? Span{first + 1, 2} : Span{first + 2 * kOut - 2, -2}),
        odd(is_turned ? Span{first, 2} : Span{first + 2 * kOut - 1, -2}) {}

  // The first of the gradients that are read.
  long Least() const { return std::min(gradients[0], gradients[kStridedTile - 1]); }

  const bool is_turned;
  const Span gradients, even, odd;
};

// dx `[batch, in_height, in_width, in]` of dy `[batch, out_height, out_width, out]`: here in_channels are those of dy, which is
// what is convolved.
class StridedBackpropInput {
 public:
  using Tiles = Square<kStridedTile>;
  using Filters = Phases;
  using Outputs = Phases;
  static Sum SumOf(int slot) { return {Phases::Product(slot), slot, 1}; }

  StridedBackpropInput(const Geometry& geometry, const float* dy, const float* filter, float* dx)
      : g_(geometry), dy_(dy), filter_{filter, geometry.out_channels, geometry.in_channels, true}, dx_(dx) {}

  long in_channels() const { return g_.out_channels; }
  long out_channels() const { return g_.in_channels; }
  Tiling tiling() const { return {g_.batch, g_.in_height, g_.in_width, 2 * kOut}; }

  void TransformTile(long tile, const Panels<Tiles>& panels, long at, float* v) const {
    ForChannels({dy_, g_.out_height, g_.out_width, g_.out_channels}, tiling(), tile, 1,
                [&](const Tiling::Place& place) {
                  return Window{InputAxis(place.row, g_.top).Least(), InputAxis(place.column, g_.left).Least(),
                                kStridedTile, kStridedTile};
                },
                [&](const Image& image, const Tiling::Place& place, long channel) {
                  TransformWindow<EvenInput, EvenInput>(image, InputAxis(place.row, g_.top).gradients,
                                                        InputAxis(place.column, g_.left).gradients, channel, panels, at,
                                                        v, kStridedSlot);
                });
  }

  void TransformFilter(long panel, long first_channel, const FilterPanel<Filters>& filters, float* u) const {
    TransformStridedFilter(filter_, InputAxis(0, g_.top).is_turned, InputAxis(0, g_.left).is_turned, panel,
                           first_channel, filters, u);
  }

  CARDINAL_AVX512 void WriteOutputs(const float* m, const Sums& sums, long first_tile, long panel) const {
    for (long t = 0; t < sums.tiles; ++t) {
      const auto [image, row, column] = tiling().At(first_tile + t);
      const InputAxis down(row, g_.top), across(column, g_.left);
      float* to = dx_ + image * g_.in_height * g_.in_width * g_.in_channels + panel * kPanel;
      for (long lane = 0; lane < kPanel; lane += kLanes) {
        ForPhases([&](auto odd_row, auto odd_column) CARDINAL_AVX512 {
          const Span rows = odd_row ? down.odd : down.even, columns = odd_column ? across.odd : across.even;
          BothWays<ByPhase<odd_row, EvenOutput, OddOutput>, ByPhase<odd_column, EvenOutput, OddOutput>>(
              [&](int i, int j, __m512& v) CARDINAL_AVX512 {
                v = _mm512_load_ps(m + sums.At(Phases::Slot(odd_row, odd_column, i, j), t) + lane);
              },
              [&](int i, int j, __m512 v) CARDINAL_AVX512 {
                if (rows[i] >= g_.in_height || columns[j] >= g_.in_width) return;
                _mm512_storeu_ps(to + (rows[i] * g_.in_width + columns[j]) * g_.in_channels + lane, v);
              });
        });
      }
    }
  }

 private:
  const Geometry g_;
  const float* const dy_;
  const Filter filter_;
  float* const dx_;
};

// d_filter `[3, 3, in, out]` of x and dy.
class StridedBackpropFilter : public FilterGradientPlan {
 public:
  using Inputs = Phases;
  using Outputs = Square<kStridedTile>;

  using FilterGradientPlan::FilterGradientPlan;

  void TransformTile(long tile, long at, const Panels<Inputs>& v_panels, float* v, const Panels<Outputs>& w_panels,
                     float* w) const {
    TransformStridedTile(g_, x_, tiling(), tile, v_panels, at, v);
    TransformGradient<StridedOutputGradient>(g_, dy_, tiling(), tile, w_panels, at, w, kStridedSlot);
  }

  CARDINAL_AVX512 void WriteFilter(const float* sums, long in_panel, long out_panel) const {
    ForFilters(sums, in_panel, out_panel, [&](const float* from, float* to) CARDINAL_AVX512 {
      ForPhases([&](auto odd_row, auto odd_column) CARDINAL_AVX512 {
        const PhaseTaps rows{odd_row, false}, columns{odd_column, false};
        BothWays<ByPhase<odd_row, EvenFilterGradient, OddFilterGradient>,
                 ByPhase<odd_column, EvenFilterGradient, OddFilterGradient>>(
            [&](int i, int j, __m512& v) CARDINAL_AVX512 {
              v = _mm512_load_ps(from + Phases::Slot(odd_row, odd_column, i, j) * kPairSlot);
            },
            [&](int i, int j, __m512 v)
                CARDINAL_AVX512 { _mm512_storeu_ps(to + (rows[i] * kTaps + columns[j]) * Tap(), v); });
      });
    });
  }
};

}  // namespace cardinal::winograd
