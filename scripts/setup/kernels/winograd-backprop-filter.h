// The gradient with respect to the filter.
#pragma once

#include "team.h"
#include "winograd-multiply.h"

namespace cardinal::winograd {

constexpr int kRowsAtATime = 8;

// Adds to `sums` [kRowsAtATime input channels][panel of outputs] the products over `tiles` tiles.
CARDINAL_AVX512 inline void AddTiles(const float* v, const float* w, long tiles, float* sums) {
  Rows<kRowsAtATime> channels;
  channels.Load(sums);
  channels.AddProducts<1, kPanel>(v, w, tiles);
  channels.Store(sums);
}

// Sums of a pair of panels: [slot][input channel of the panel][output of the panel], a cache line between slots.
constexpr long kPairSlot = kPanel * kPanel + kLanes;
// Tiles of two panels that stay in the first-level cache.
constexpr long kTilesAtATime = 128;

// Adds to the sums of a pair of panels what `tiles` tiles give: of each slot of the input, with the slot of outputs that its
// product has.
template <typename Inputs, typename Outputs>
void AddPair(const float* v, const Panels<Inputs>& v_panels, long v_panel, const float* w,
             const Panels<Outputs>& w_panels, long w_panel, long tiles, float* sums) {
  for (int slot = 0; slot < Inputs::kSlots; ++slot) {
    for (long t = 0; t < tiles; t += kTilesAtATime) {
      for (long row = 0; row < kPanel; row += kRowsAtATime) {
        AddTiles(v + v_panels.At(slot, v_panel, t) + row, w + w_panels.At(Inputs::Product(slot), w_panel, t),
                 std::min(kTilesAtATime, tiles - t), sums + slot * kPairSlot + row * kPanel);
      }
    }
  }
}

// Transforms one tile of all channels of the output gradient; `slot(row, column)` says where the products lie.
template <typename Transform, typename Layout, typename Slot>
void TransformGradient(const Geometry& g, const float* dy, const Tiling& tiling, long tile,
                       const Panels<Layout>& panels, long at, float* w, const Slot& slot) {
  ForChannels({dy, g.out_height, g.out_width, g.out_channels}, tiling, tile, 0,
              [](const Tiling::Place& place) { return Window{place.row, place.column, kOut, kOut}; },
              [&](const Image& image, const Tiling::Place& place, long channel) {
                TransformWindow<Transform, Transform>(image, {place.row, 1}, {place.column, 1}, channel, panels, at, w,
                                                      slot);
              });
}

// What plans of the gradient with respect to the filter have in common: d_filter `[3, 3, in, out]` of x and dy.
class FilterGradientPlan {
 public:
  FilterGradientPlan(const Geometry& geometry, const float* x, const float* dy, float* d_filter)
      : g_(geometry), x_(x), dy_(dy), d_filter_(d_filter) {}

  long in_channels() const { return g_.in_channels; }
  long out_channels() const { return g_.out_channels; }
  Tiling tiling() const { return {g_.batch, g_.out_height, g_.out_width, kOut}; }

 protected:
  // Calls write(sums, taps) for each input channel of a pair of panels and each vector of its outputs, with where the first of
  // their sums and of their taps are.
  template <typename Write>
  CARDINAL_AVX512 void ForFilters(const float* sums, long in_panel, long out_panel, const Write& write) const {
    for (long c = 0; c < kPanel; ++c) {
      for (long lane = 0; lane < kPanel; lane += kLanes) {
        write(sums + c * kPanel + lane,
              d_filter_ + (in_panel * kPanel + c) * g_.out_channels + out_panel * kPanel + lane);
      }
    }
  }

  // From a tap to the next.
  long Tap() const { return g_.in_channels * g_.out_channels; }

  const Geometry g_;
  const float *const x_, *const dy_;

 private:
  float* const d_filter_;
};

// A processor's second-level cache holds so much of transformed tiles; the last level holds so much.
constexpr long kOwnTileBytes = 512L << 10;
constexpr long kSharedTileBytes = 10L << 20;

// The gradient with respect to the filter by a plan: which has layouts of transformed Inputs and Outputs, and
//   in_channels(), out_channels(), tiling()
//   TransformTile(tile, at, v_panels, v, w_panels, w): one tile of all channels of input and output gradient
//   WriteFilter(sums, in_panel, out_panel): what is summed of a pair of panels
// The parts that are summed apart follow from the shapes, not from the threads.
template <typename Plan>
void BackpropFilter(const Plan& plan) {
  using InputPanels = Panels<typename Plan::Inputs>;
  using OutputPanels = Panels<typename Plan::Outputs>;
  constexpr long kPair = Plan::Inputs::kSlots * kPairSlot;
  const long in = plan.in_channels(), out = plan.out_channels(), count = plan.tiling().Count();
  const long tile_bytes = (Plan::Inputs::kSlots * in + Plan::Outputs::kSlots * out) * sizeof(float);
  const long out_panels = out / kPanel, pairs = in / kPanel * out_panels;
  static thread_local Scratch tile_scratch, sum_scratch;
  // Few channels: a part of the tiles each, and all sums.
  constexpr long kParts = 8, kLeastTiles = 16;
  const long own = kOwnTileBytes / tile_bytes;
  if (own >= kLeastTiles && pairs * kPair * sizeof(float) < (1L << 20) && count >= kParts * own) {
    float* sums = sum_scratch.OfSize(kParts * pairs * kPair);
    Team::Instance().Run(kParts, [&](long part) {
      static thread_local Scratch scratch;
      float* mine = sums + part * pairs * kPair;
      std::fill(mine, mine + pairs * kPair, 0.0f);
      float* v = scratch.OfSize(InputPanels{in, own}.Size() + OutputPanels{out, own}.Size());
      const long end = count * (part + 1) / kParts;
      for (long first = count * part / kParts; first < end; first += own) {
        const long tiles = std::min(own, end - first);
        const InputPanels v_panels{in, tiles};
        const OutputPanels w_panels{out, tiles};
        float* w = v + v_panels.Size();
        for (long t = 0; t < tiles; ++t) plan.TransformTile(first + t, t, v_panels, v, w_panels, w);
        for (long pair = 0; pair < pairs; ++pair) {
          AddPair(v, v_panels, pair / out_panels, w, w_panels, pair % out_panels, tiles, mine + pair * kPair);
        }
      }
    });
    Team::Instance().Run(pairs, [&](long pair) {
      float* all = sums + pair * kPair;
      for (long part = 1; part < kParts; ++part) {
        const float* other = all + part * pairs * kPair;
        for (long i = 0; i < kPair; ++i) all[i] += other[i];
      }
      plan.WriteFilter(all, pair / out_panels, pair % out_panels);
    });
    return;
  }
  // Many: tiles are transformed for all, and a job takes the sums of one pair of panels.
  const long fitting = std::max(kTilesAtATime, kSharedTileBytes / tile_bytes / kTilesAtATime * kTilesAtATime);
  const long at_a_time = std::min(count, fitting);
  const InputPanels v_panels{in, at_a_time};
  const OutputPanels w_panels{out, at_a_time};
  float* v = tile_scratch.OfSize(v_panels.Size() + w_panels.Size());
  float* w = v + v_panels.Size();
  float* sums = at_a_time == count ? nullptr : sum_scratch.OfSize(pairs * kPair);
  if (sums != nullptr) std::fill(sums, sums + pairs * kPair, 0.0f);
  for (long begin = 0; begin < count; begin += at_a_time) {
    const long now = std::min(at_a_time, count - begin);
    ShareTiles(now, [&](long t) { plan.TransformTile(begin + t, t, v_panels, v, w_panels, w); });
    Team::Instance().Run(pairs, [&](long pair) {
      static thread_local Scratch scratch;
      float* mine = sums == nullptr ? scratch.OfSize(kPair) : sums + pair * kPair;
      if (sums == nullptr) std::fill(mine, mine + kPair, 0.0f);
      AddPair(v, v_panels, pair / out_panels, w, w_panels, pair % out_panels, now, mine);
      if (begin + now == count) plan.WriteFilter(mine, pair / out_panels, pair % out_panels);
    });
  }
}

}  // namespace cardinal::winograd
