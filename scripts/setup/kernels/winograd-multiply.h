// Products of transformed tiles and filters, summed over channels.
#pragma once

#include "winograd-tiles.h"

namespace cardinal::winograd {

// What is summed: `slots` slots of `panels` panels of channels each, of tiles and, end to end, of filters.
struct Depth {
  long slots, panels;
};

// [R tiles][panel] = sum over channels of v [R tiles][channel] and u [channel][panel], added to m where `is_more`.
template <int R>
CARDINAL_AVX512 void Multiply(const float* v, long v_slot, long v_panel, const float* u, Depth depth, bool is_more,
                              float* m) {
  __m512 sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sums[r][0] = is_more ? _mm512_load_ps(m + r * kPanel) : _mm512_setzero_ps();
    sums[r][1] = is_more ? _mm512_load_ps(m + r * kPanel + kLanes) : _mm512_setzero_ps();
  }
  for (long s = 0; s < depth.slots; ++s, v += v_slot) {
    for (long p = 0; p < depth.panels; ++p) {
      const float* values = v + p * v_panel;
      for (long c = 0; c < kPanel; ++c, u += kPanel) {
        const __m512 u0 = _mm512_load_ps(u), u1 = _mm512_load_ps(u + kLanes);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const __m512 value = _mm512_set1_ps(values[r * kPanel + c]);
          sums[r][0] = _mm512_fmadd_ps(value, u0, sums[r][0]);
          sums[r][1] = _mm512_fmadd_ps(value, u1, sums[r][1]);
        }
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

inline void MultiplyRows(long rows, const float* v, long v_slot, long v_panel, const float* u, Depth depth, bool is_more,
                         float* m) {
  switch (rows) {
#define CARDINAL_CASE(R) case R: return Multiply<R>(v, v_slot, v_panel, u, depth, is_more, m);
    CARDINAL_CASE(1) CARDINAL_CASE(2) CARDINAL_CASE(3) CARDINAL_CASE(4) CARDINAL_CASE(5) CARDINAL_CASE(6)
    CARDINAL_CASE(7) CARDINAL_CASE(8) CARDINAL_CASE(9) CARDINAL_CASE(10) CARDINAL_CASE(11) CARDINAL_CASE(12)
    CARDINAL_CASE(13) CARDINAL_CASE(14)
#undef CARDINAL_CASE
  }
}

}  // namespace cardinal::winograd
