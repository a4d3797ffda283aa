// The forward pass, and by it the input gradient.
#pragma once

#include "winograd-tiles.h"
#include "team.h"

namespace cardinal::winograd {

// Transformed filters: [panel of outputs][product][input channel][output of the panel].
inline long FilterPanel(long in_channels) { return kProducts * in_channels * kPanel; }

// One panel of outputs of a filter `[3, 3, in, out]`; where `is_exchanged`, of the filter that the input gradient convolves
// with: `[3, 3, out, in]` read as turned by 180 degrees, with its channels exchanged.
CARDINAL_AVX512 inline void TransformFilter(const float* filter, long in, long out, bool is_exchanged, long panel,
                                            float* u) {
  for (long c = 0; c < in; ++c) {
    for (long lane = 0; lane < kPanel; lane += kLanes) {
      float* to = u + c * kPanel + lane;
      const auto store = [&](int i, int j, __m512 v)
                             CARDINAL_AVX512 { _mm512_store_ps(to + (i * kTile + j) * in * kPanel, v); };
      const long o = panel * kPanel + lane;
      if (!is_exchanged) {
        BothWays<FilterTransform>(
            [&](int i, int j, __m512& v)
                CARDINAL_AVX512 { v = _mm512_loadu_ps(filter + ((i * kTaps + j) * in + c) * out + o); },
            store);
      } else {
        const __m512i steps = _mm512_mullo_epi32(
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(in));
        BothWays<FilterTransform>(
            [&](int i, int j, __m512& v) CARDINAL_AVX512 {
              const float* tap = filter + ((kTaps - 1 - i) * kTaps + kTaps - 1 - j) * in * out;
              v = _mm512_i32gather_ps(steps, tap + o * in + c, 4);
            },
            store);
      }
    }
  }
}

// [R tiles][panel] = sum over channels of V [R tiles][channel] and U [channel][panel].
template <int R>
CARDINAL_AVX512 void Multiply(const float* v, long v_panel, const float* u, long panels, float* m) {
  __m512 sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (long p = 0; p < panels; ++p, v += v_panel) {
    for (long c = 0; c < kPanel; ++c, u += kPanel) {
      const __m512 u0 = _mm512_load_ps(u), u1 = _mm512_load_ps(u + kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const __m512 value = _mm512_set1_ps(v[r * kPanel + c]);
        sums[r][0] = _mm512_fmadd_ps(value, u0, sums[r][0]);
        sums[r][1] = _mm512_fmadd_ps(value, u1, sums[r][1]);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    _mm512_store_ps(m + r * kPanel, sums[r][0]);
    _mm512_store_ps(m + r * kPanel + kLanes, sums[r][1]);
  }
}

// Tiles that Multiply takes at a time at the most: 28 sums, two weights and a value fill the registers.
constexpr long kMostRows = 14;

inline void MultiplyRows(long rows, const float* v, long v_panel, const float* u, long panels, float* m) {
  switch (rows) {
#define CARDINAL_CASE(R) case R: return Multiply<R>(v, v_panel, u, panels, m);
    CARDINAL_CASE(1) CARDINAL_CASE(2) CARDINAL_CASE(3) CARDINAL_CASE(4) CARDINAL_CASE(5) CARDINAL_CASE(6)
    CARDINAL_CASE(7) CARDINAL_CASE(8) CARDINAL_CASE(9) CARDINAL_CASE(10) CARDINAL_CASE(11) CARDINAL_CASE(12)
    CARDINAL_CASE(13) CARDINAL_CASE(14)
#undef CARDINAL_CASE
  }
}

// Sums of products [product][tile of the range][panel] to outputs.
CARDINAL_AVX512 inline void WriteOutputs(const float* m, long tiles, const Tiling& tiling, long first_tile,
                                         long channels, long channel, float* y) {
  for (long t = 0; t < tiles; ++t) {
    const long tile = first_tile + t;
    const long column = tile % tiling.Columns() * kOut, row = tile / tiling.Columns() % tiling.Rows() * kOut;
    const long n = tile / tiling.Columns() / tiling.Rows();
    const long rows = std::min<long>(kOut, tiling.height - row), columns = std::min<long>(kOut, tiling.width - column);
    float* out = y + ((n * tiling.height + row) * tiling.width + column) * channels + channel;
    for (long lane = 0; lane < kPanel; lane += kLanes) {
      const float* from = m + t * kPanel + lane;
      BothWays<OutputTransform>(
          [&](int i, int j, __m512& v)
              CARDINAL_AVX512 { v = _mm512_load_ps(from + (i * kTile + j) * (tiles * kPanel + kLanes)); },
          [&](int i, int j, __m512 v) CARDINAL_AVX512 {
            if (i < rows && j < columns) _mm512_storeu_ps(out + (i * tiling.width + j) * channels + lane, v);
          });
    }
  }
}

// Products of a range of tiles with one panel of outputs, `filter` being that panel of the transformed filter, and then the
// outputs. The range begins with tile `from` of v and is `tiles` long; in y it begins with tile `first`.
inline void MultiplyRange(const float* v, const Panels& panels, long from, long tiles, const float* filter,
                          const Tiling& tiling, long first, long out, long out_panel, float* y) {
  static thread_local Scratch scratch;
  const long step = tiles * kPanel + kLanes;
  float* m = scratch.OfSize(kProducts * step);
  const long blocks = (tiles + kMostRows - 1) / kMostRows;
  for (long product = 0; product < kProducts; ++product) {
    for (long block = 0; block < blocks; ++block) {
      const long begin = tiles * block / blocks, end = tiles * (block + 1) / blocks;
      MultiplyRows(end - begin, v + panels.At(product, 0, from + begin), panels.tiles * kPanel,
                   filter + product * panels.channels * kPanel, panels.Count(), m + product * step + begin * kPanel);
    }
  }
  WriteOutputs(m, tiles, tiling, first, out, out_panel * kPanel, y);
}

// A processor's second-level cache holds so much transformed input beside filters and products.
constexpr long kOwnBytes = 512L << 10;
// The last level holds so much.
constexpr long kSharedBytes = 8L << 20;

// y `[batch, out_height, out_width, out]` of x `[batch, in_height, in_width, in]`. The input gradient is the same of a turned
// geometry and an exchanged filter.
inline void Forward(const Geometry& g, const float* x, const float* filter, bool is_exchanged, float* y) {
  const long in = g.in_channels, out = g.out_channels;
  static thread_local Scratch v_scratch, u_scratch;
  const Tiling tiling{g.batch, g.out_height, g.out_width};
  const long count = tiling.Count(), out_panels = out / kPanel, tile_bytes = kProducts * in * sizeof(float);
  const auto transform = [&](long tile, const Panels& panels, long at, float* v) {
    TransformTile<InputTransform>(x, g.in_height, g.in_width, in, tiling, tile, g.top, g.left, panels, at, v);
  };
  const auto transform_filter = [&](long panel, float* u) { TransformFilter(filter, in, out, is_exchanged, panel, u); };
  const auto filters = [&] {
    float* u = u_scratch.OfSize(out_panels * FilterPanel(in));
    Team::Instance().Run(out_panels, [&](long panel) { transform_filter(panel, u + panel * FilterPanel(in)); });
    return u;
  };
  // Few channels: each job transforms a few tiles for itself and takes all outputs of them.
  const long own = kOwnBytes / tile_bytes;
  if (own >= 2 * kMostRows && count >= 8 * own) {
    const float* u = filters();
    Team::Instance().Run((count + own - 1) / own, [&](long job) {
      static thread_local Scratch scratch;
      const long first = job * own, tiles = std::min(own, count - first);
      const Panels panels{in, tiles};
      float* v = scratch.OfSize(Panels{in, own}.Size());
      for (long t = 0; t < tiles; ++t) transform(first + t, panels, t, v);
      for (long panel = 0; panel < out_panels; ++panel) {
        MultiplyRange(v, panels, 0, tiles, u + panel * FilterPanel(in), tiling, first, out, panel, y);
      }
    });
    return;
  }
  // Many: tiles are transformed for all, and a job takes one panel of outputs, whose filters stay with it.
  constexpr long kRange = 8 * kMostRows, kTilesAJob = 8;
  const long at_a_time = std::min(count, std::max(kRange, kSharedBytes / tile_bytes / kRange * kRange));
  const Panels panels{in, at_a_time};
  float* v = v_scratch.OfSize(panels.Size());
  const bool is_used_once = count <= kRange;  // then a filter is transformed where it is used
  const float* u = is_used_once ? nullptr : filters();
  for (long begin = 0; begin < count; begin += at_a_time) {
    const long now = std::min(at_a_time, count - begin);
    Team::Instance().Run((now + kTilesAJob - 1) / kTilesAJob, [&](long job) {
      const long end = std::min(now, (job + 1) * kTilesAJob);
      for (long t = job * kTilesAJob; t < end; ++t) transform(begin + t, panels, t, v);
    });
    Team::Instance().Run((now + kRange - 1) / kRange * out_panels, [&](long job) {
      static thread_local Scratch scratch;
      const long panel = job % out_panels, from = job / out_panels * kRange;
      float* own_filter = is_used_once ? scratch.OfSize(FilterPanel(in)) : nullptr;
      if (is_used_once) transform_filter(panel, own_filter);
      MultiplyRange(v, panels, from, std::min(kRange, now - from), is_used_once ? own_filter : u + panel * FilterPanel(in),
                    tiling, begin + from, out, panel, y);
    });
  }
}

}  // namespace cardinal::winograd
