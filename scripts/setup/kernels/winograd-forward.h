// The forward pass, and by it the input gradient.
#pragma once

#include "team.h"
#include "winograd-filters.h"
#include "winograd-multiply.h"

namespace cardinal::winograd {

// Transformed filters of one panel of outputs: [slot][input channel][output of the panel], with a cache line between products
// for the reason that Panels has one.
template <typename Layout>
struct FilterPanel {
  long in_channels;
  long At(int slot) const { return slot * in_channels * kPanel + Layout::Product(slot) * kLanes; }
  long Size() const { return At(Layout::kSlots - 1) + in_channels * kPanel; }
};

// What is summed to a slot of outputs: `slots` slots of tiles from `tiles` on, each with its filters from `filters` on.
struct Sum {
  int tiles, filters, slots;
};

// Where the sums of a range of tiles and one panel of outputs lie: [slot][tile][output of the panel].
struct Sums {
  long tiles;
  long Slot() const { return tiles * kPanel + kLanes; }
  long At(int slot, long tile) const { return slot * Slot() + tile * kPanel; }
};

// Sums of a range of tiles, which begins with tile `from` of v, over the channels from `first_channel` on that `filters`, which
// u holds, is of.
template <typename Plan>
void AddProducts(const float* v, const Panels<typename Plan::Tiles>& panels, long from, long first_channel, const float* u,
                 const FilterPanel<typename Plan::Filters>& filters, const Sums& sums, bool is_more, float* m) {
  const long blocks = (sums.tiles + kMostRows - 1) / kMostRows;
  for (int slot = 0; slot < Plan::Outputs::kSlots; ++slot) {
    const Sum sum = Plan::SumOf(slot);
    for (long block = 0; block < blocks; ++block) {
      const long begin = sums.tiles * block / blocks, end = sums.tiles * (block + 1) / blocks;
      MultiplyRows(end - begin, v + panels.At(sum.tiles, first_channel / kPanel, from + begin), panels.Slot(),
                   panels.tiles * kPanel, u + filters.At(sum.filters), {sum.slots, filters.in_channels / kPanel}, is_more,
                   m + sums.At(slot, begin));
    }
  }
}

// What plans of the forward pass have in common: y `[batch, out_height, out_width, out]` of x
// `[batch, in_height, in_width, in]`, in squares of outputs.
class ForwardPlan {
 public:
  ForwardPlan(const Geometry& geometry, const float* x, const float* filter, bool is_exchanged, float* y)
      : g_(geometry), x_(x), filter_{filter, geometry.in_channels, geometry.out_channels, is_exchanged}, y_(y) {}

  long in_channels() const { return g_.in_channels; }
  long out_channels() const { return g_.out_channels; }
  Tiling tiling() const { return {g_.batch, g_.out_height, g_.out_width, kOut}; }

 protected:
  // Writes the sums of a range of tiles, the first of which is tile `first_tile` of y; `slot(row, column)` says where products
  // lie.
  template <typename Transform, typename Slot>
  CARDINAL_AVX512 void WriteSquares(const float* m, const Sums& sums, long first_tile, long panel,
                                    const Slot& slot) const {
    const Tiling tiles = tiling();
    const long width = g_.out_width, channels = g_.out_channels, size = g_.out_height * width * channels;
    for (long t = 0; t < sums.tiles; ++t) {
      const auto [image, row, column] = tiles.At(first_tile + t);
      const long rows = g_.out_height - row, columns = width - column;
      const auto next = tiles.At(first_tile + std::min(t + 1, sums.tiles - 1));
      const Image next_image{y_ + next.image * size, g_.out_height, width, channels};
      for (long lane = 0; lane < kPanel; lane += kLanes) {
        const long channel = panel * kPanel + lane;
        Prefetch<true>(next_image, {next.row, next.column, kOut, kOut}, channel);
        float* out = y_ + image * size + (row * width + column) * channels + channel;
        BothWays<Transform, Transform>(
            [&](int i, int j, __m512& v) CARDINAL_AVX512 { v = _mm512_load_ps(m + sums.At(slot(i, j), t) + lane); },
            [&](int i, int j, __m512 v) CARDINAL_AVX512 {
              if (i < rows && j < columns) _mm512_storeu_ps(out + (i * width + j) * channels, v);
            });
      }
    }
  }

  const Geometry g_;
  const float* const x_;
  const Filter filter_;

 private:
  float* const y_;
};

// A processor's second-level cache holds so much transformed input beside filters and products.
constexpr long kOwnBytes = 512L << 10;
// The last level holds so much.
constexpr long kSharedBytes = 8L << 20;
// Filters that are transformed where they are used stay in the second-level cache by so many bytes at a time.
constexpr long kFilterBytes = 320L << 10;

// A convolution, or the gradient of its input, by a plan: which has layouts of transformed Tiles, Filters and Outputs, and
//   SumOf(slot of outputs)
//   in_channels(), out_channels(), tiling()
//   TransformTile(tile, panels, at, v): one tile of all channels of the input, to be tile `at` of v
//   TransformFilter(panel, first_channel, filters, u): filters of a panel of outputs, from an input channel on
//   WriteOutputs(m, sums, first_tile, panel): what is summed, to the output
template <typename Plan>
void Forward(const Plan& plan) {
  using TilePanels = Panels<typename Plan::Tiles>;
  using Filters = FilterPanel<typename Plan::Filters>;
  const long in = plan.in_channels(), count = plan.tiling().Count(), out_panels = plan.out_channels() / kPanel;
  const long tile_bytes = Plan::Tiles::kSlots * in * sizeof(float);
  const Filters whole{in};
  static thread_local Scratch v_scratch, u_scratch;
  const auto transform_filters = [&] {
    float* u = u_scratch.OfSize(out_panels * whole.Size());
    Team::Instance().Run(out_panels,
                         [&](long panel) { plan.TransformFilter(panel, 0, whole, u + panel * whole.Size()); });
    return u;
  };
  const auto sums_of = [&](const Sums& sums) {
    static thread_local Scratch scratch;
    return scratch.OfSize(Plan::Outputs::kSlots * sums.Slot());
  };
  // Few channels: each job transforms a few tiles for itself and takes all outputs of them.
  const long own = kOwnBytes / tile_bytes;
  if (own >= 2 * kMostRows && count >= 8 * own) {
    const float* u = transform_filters();
    Team::Instance().Run((count + own - 1) / own, [&](long job) {
      static thread_local Scratch scratch;
      const long first = job * own, tiles = std::min(own, count - first);
      const TilePanels panels{in, tiles};
      const Sums sums{tiles};
      float *v = scratch.OfSize(TilePanels{in, own}.Size()), *m = sums_of(sums);
      for (long t = 0; t < tiles; ++t) plan.TransformTile(first + t, panels, t, v);
      for (long panel = 0; panel < out_panels; ++panel) {
        AddProducts<Plan>(v, panels, 0, 0, u + panel * whole.Size(), whole, sums, false, m);
        plan.WriteOutputs(m, sums, first, panel);
      }
    });
    return;
  }
  // Many: tiles are transformed for all, and a job takes one panel of outputs, whose filters stay with it.
  constexpr long kRange = 8 * kMostRows;
  const long at_a_time = std::min(count, std::max(kRange, kSharedBytes / tile_bytes / kRange * kRange));
  const TilePanels panels{in, at_a_time};
  float* v = v_scratch.OfSize(panels.Size());
  const bool is_used_once = count <= kRange;  // then a filter is transformed where it is used
  const float* u = is_used_once ? nullptr : transform_filters();
  for (long begin = 0; begin < count; begin += at_a_time) {
    const long now = std::min(at_a_time, count - begin);
    ShareTiles(now, [&](long t) { plan.TransformTile(begin + t, panels, t, v); });
    Team::Instance().Run((now + kRange - 1) / kRange * out_panels, [&](long job) {
      const long panel = job % out_panels, from = job / out_panels * kRange;
      const Sums sums{std::min(kRange, now - from)};
      float* m = sums_of(sums);
      if (is_used_once) {
        static thread_local Scratch scratch;
        const long channel_bytes = Plan::Filters::kSlots * kPanel * sizeof(float);
        const long some = std::min(in, std::max(1L, kFilterBytes / channel_bytes / kPanel) * kPanel);
        float* own_filter = scratch.OfSize(Filters{some}.Size());
        for (long channel = 0; channel < in; channel += some) {
          const Filters filters{std::min(some, in - channel)};
          plan.TransformFilter(panel, channel, filters, own_filter);
          AddProducts<Plan>(v, panels, from, channel, own_filter, filters, sums, channel > 0, m);
        }
      } else {
        AddProducts<Plan>(v, panels, from, 0, u + panel * whole.Size(), whole, sums, false, m);
      }
      plan.WriteOutputs(m, sums, begin + from, panel);
    });
  }
}

}  // namespace cardinal::winograd
