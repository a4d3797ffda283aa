// Products of transformed tiles, summed.
#pragma once

#include "winograd-tiles.h"

namespace cardinal::winograd {

// R rows of a panel of sums, in registers.
template <int R>
class Rows {
 public:
  CARDINAL_AVX512 void Clear() {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) sums_[r][0] = sums_[r][1] = _mm512_setzero_ps();
  }

  CARDINAL_AVX512 void Load(const float* from) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      sums_[r][0] = _mm512_load_ps(from + r * kPanel);
      sums_[r][1] = _mm512_load_ps(from + r * kPanel + kLanes);
    }
  }

  CARDINAL_AVX512 void Store(float* to) const {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      _mm512_store_ps(to + r * kPanel, sums_[r][0]);
      _mm512_store_ps(to + r * kPanel + kLanes, sums_[r][1]);
    }
  }

  // Adds to each row, `count` times, the product of its value with a panel. The values of a next row lie RowStep after one's,
  // those of a next panel Step; panels lie end to end.
  template <long RowStep, long Step>
  CARDINAL_AVX512 void AddProducts(const float* values, const float* panels, long count) {
#pragma GCC unroll 2
    for (long i = 0; i < count; ++i, values += Step, panels += kPanel) {
      const __m512 first = _mm512_load_ps(panels), second = _mm512_load_ps(panels + kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const __m512 value = _mm512_set1_ps(values[r * RowStep]);
        sums_[r][0] = _mm512_fmadd_ps(value, first, sums_[r][0]);
        sums_[r][1] = _mm512_fmadd_ps(value, second, sums_[r][1]);
      }
    }
  }

 private:
  __m512 sums_[R][2];
};

// What is summed: `slots` slots of `panels` panels of channels each, of tiles and, end to end, of filters.
struct Depth {
  long slots, panels;
};

// [R tiles][panel] = sum over channels of v [R tiles][channel] and u [channel][panel], added to m where `is_more`.
template <int R>
CARDINAL_AVX512 void Multiply(const float* v, long v_slot, long v_panel, const float* u, Depth depth, bool is_more,
                              float* m) {
  Rows<R> tiles;
  if (is_more) {
    tiles.Load(m);
  } else {
    tiles.Clear();
  }
  for (long s = 0; s < depth.slots; ++s, v += v_slot) {
    for (long p = 0; p < depth.panels; ++p, u += kPanel * kPanel) {
      tiles.template AddProducts<kPanel, 1>(v + p * v_panel, u, kPanel);
    }
  }
  tiles.Store(m);
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
