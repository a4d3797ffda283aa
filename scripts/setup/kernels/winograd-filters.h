// A filter's 16 outputs of one tap and one input channel, as the two passes read them.
#pragma once

#include "winograd-tiles.h"

namespace cardinal::winograd {

// A filter `[3, 3, in, out]`; or, where it is exchanged, one `[3, 3, out, in]` read with its channels exchanged, as the input
// gradient convolves.
struct Filter {
  const float* values;
  long in, out;
  bool is_exchanged;

  // Outputs from `output` on of the tap in a row and column, for an input channel.
  CARDINAL_AVX512 __m512 Load(int row, int column, long channel, long output) const {
    const float* tap = values + (row * kTaps + column) * in * out;
    if (!is_exchanged) return _mm512_loadu_ps(tap + channel * out + output);
    const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_i32gather_ps(_mm512_mullo_epi32(places, _mm512_set1_epi32(in)), tap + output * in + channel, 4);
  }
};

}  // namespace cardinal::winograd
