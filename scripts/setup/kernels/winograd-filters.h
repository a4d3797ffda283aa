// A filter's taps, as the two passes read them.
#pragma once

#include "winograd-tiles.h"

namespace cardinal::winograd {

// Of each quarter of two vectors, the first two values of both, or the last.
template <bool IsLast>
CARDINAL_AVX512 inline __m512 UnpackTwos(__m512 a, __m512 b) {
  const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
  return _mm512_castpd_ps(IsLast ? _mm512_unpackhi_pd(x, y) : _mm512_unpacklo_pd(x, y));
}

// Columns become rows.
CARDINAL_AVX512 inline void Transpose(__m512 (&rows)[kLanes]) {
  __m512 pairs[kLanes], fours[kLanes];
#pragma GCC unroll 8
  for (int i = 0; i < kLanes; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  // Quarter q of fours[4 i + j] is column 4 q + j of rows 4 i to 4 i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < kLanes; i += 4) {
    fours[i] = UnpackTwos<false>(pairs[i], pairs[i + 2]);
    fours[i + 1] = UnpackTwos<true>(pairs[i], pairs[i + 2]);
    fours[i + 2] = UnpackTwos<false>(pairs[i + 1], pairs[i + 3]);
    fours[i + 3] = UnpackTwos<true>(pairs[i + 1], pairs[i + 3]);
  }
  constexpr int kEven = 0x88, kOdd = 0xdd;  // quarters 0 and 2, or 1 and 3, of each of two
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512 even = _mm512_shuffle_f32x4(fours[j], fours[4 + j], kEven);
    const __m512 even2 = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], kEven);
    const __m512 odd = _mm512_shuffle_f32x4(fours[j], fours[4 + j], kOdd);
    const __m512 odd2 = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], kOdd);
    rows[j] = _mm512_shuffle_f32x4(even, even2, kEven);
    rows[4 + j] = _mm512_shuffle_f32x4(odd, odd2, kEven);
    rows[8 + j] = _mm512_shuffle_f32x4(even, even2, kOdd);
    rows[12 + j] = _mm512_shuffle_f32x4(odd, odd2, kOdd);
  }
}

// Taps of 16 input channels and 16 outputs.
struct Taps {
  const float* values;
  long tap, channel;  // steps from one to the next

  CARDINAL_AVX512 __m512 Load(int row, int column, long c) const {
    return _mm512_loadu_ps(values + (row * kTaps + column) * tap + c * channel);
  }
};

// A filter `[3, 3, in, out]`; or, where it is exchanged, one `[3, 3, out, in]` read with its channels exchanged, as the input
// gradient convolves.
struct Filter {
  const float* values;
  long in, out;
  bool is_exchanged;

  // Calls transform(taps, i, c, lane) for channels c, counted from `first_channel` on, and the two vectors of a panel of
  // outputs: c is channel i of the 16 that `taps` are of. 16 divides `channels`.
  template <typename Transform>
  CARDINAL_AVX512 void ForChannels(long panel, long first_channel, long channels, const Transform& transform) const {
    constexpr long kBlock = kLanes * kLanes, kVectors = kPanel / kLanes;
    alignas(64) float exchanged[kVectors][kTaps * kTaps * kBlock];
    for (long c = 0; c < channels; c += kLanes) {
      Taps taps[kVectors];
      for (long k = 0; k < kVectors; ++k) {
        const long channel = first_channel + c, output = panel * kPanel + k * kLanes;
        if (is_exchanged) Exchange(channel, output, exchanged[k]);
        taps[k] = is_exchanged ? Taps{exchanged[k], kBlock, kLanes} : Taps{values + channel * out + output, in * out, out};
      }
      for (long i = 0; i < kLanes; ++i) {
        for (long k = 0; k < kVectors; ++k) transform(taps[k], i, c + i, k * kLanes);
      }
    }
  }

 private:
  // block [tap][channel][output] of 16 channels and outputs.
  CARDINAL_AVX512 void Exchange(long channel, long output, float* block) const {
    for (long tap = 0; tap < kTaps * kTaps; ++tap) {
      const float* from = values + (tap * out + output) * in + channel;
      __m512 rows[kLanes];
#pragma GCC unroll 16
      for (long o = 0; o < kLanes; ++o) rows[o] = _mm512_loadu_ps(from + o * in);
      Transpose(rows);
#pragma GCC unroll 16
      for (long c = 0; c < kLanes; ++c, block += kLanes) _mm512_store_ps(block, rows[c]);
    }
  }
};

}  // namespace cardinal::winograd
