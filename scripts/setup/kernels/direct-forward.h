// The forward pass, and by it the input gradient where the stride is 1.
#pragma once

#include <utility>

#include "geometry.h"
#include "segments.h"
#include "team.h"

namespace cardinal::direct {

// Adds what input channel I of each group contributes to T outputs side by side, through one row of the filter. Each
// pixel is spread once and meets K weights; the T sums are as many chains that need not wait for one another.
template <int G, int K, int S, int T, int I>
CARDINAL_AVX512 inline void AddChannel(const float* row, const float* filter, __m512 (&sums)[T]) {
  __m512 weights[K];
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k) weights[k] = _mm512_load_ps(filter + (k * G + I) * kLanes);
#pragma GCC unroll 40
  for (int p = 0; p < (T - 1) * S + K; ++p) {
    const __m512 pixel = Spread<G, I>(row + p * kLanes);
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k) {
      const int t = p - k;
      if (t >= 0 && t % S == 0 && t / S < T) sums[t / S] = _mm512_fmadd_ps(pixel, weights[k], sums[t / S]);
    }
  }
}

template <int G, int K, int S, int T, int... I>
CARDINAL_AVX512 inline void AddRow(const float* row, const float* filter, __m512 (&sums)[T],
                                   std::integer_sequence<int, I...>) {
  (AddChannel<G, K, S, T, I>(row, filter, sums), ...);
}

// T outputs of one block, from rows `first` to `last` of the filter; the others lie on zeros.
template <int G, int K, int S, int T>
CARDINAL_AVX512 void ForwardSegment(const float* tile, long columns, const float* filter, long first, long last,
                                    float* y, long channels) {
  __m512 sums[T];
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) sums[t] = _mm512_setzero_ps();
  for (long k = first; k < last; ++k) {
    AddRow<G, K, S, T>(tile + k * columns * kLanes, filter + k * K * G * kLanes, sums,
                       std::make_integer_sequence<int, G>());
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) _mm512_storeu_ps(y + t * channels, sums[t]);
}

// y `[batch, out_height, out_width, channels]` of x and a packed filter.
template <int G, int K, int S>
void Forward(const Geometry& g, const float* x, const float* packed, float* y) {
  const long columns = (g.out_width - 1) * S + K;
  const long row_bytes = columns * kLanes * sizeof(float);
  const long rows_a_job = RowsPerJob(g.batch, g.out_height, (kTileBytes / row_bytes - K) / S + 1);
  const long jobs_an_image = (g.out_height + rows_a_job - 1) / rows_a_job;
  // A job takes all blocks, since two threads that write to neighbouring blocks would wait for each other's cache lines.
  Team::Instance().Run(g.batch * jobs_an_image, [&](long job) {
    static thread_local Scratch scratch;
    float* tile = scratch.OfSize(((rows_a_job - 1) * S + K) * columns * kLanes);
    const long n = job / jobs_an_image, top = job % jobs_an_image * rows_a_job;
    const long rows = std::min(rows_a_job, g.out_height - top);
    for (long block = 0; block < g.Blocks(); ++block) {
      const float* image = x + n * g.in_height * g.in_width * g.in_channels + block * kLanes;
      const float* filter = packed + block * kPackedBlock<G, K>;
      CopyTile(image, g.in_height, g.in_width, g.in_channels,
               {top * S - g.top, -g.left, (rows - 1) * S + K, columns}, tile);
      for (long r = 0; r < rows; ++r) {
        const long above = g.top - (top + r) * S;  // rows of zeros that the filter lies on
        const long first = std::max(0L, above), last = std::min<long>(K, g.in_height + above);
        float* out = y + ((n * g.out_height + top + r) * g.out_width) * g.in_channels + block * kLanes;
        ForSegments<1>(g.out_width, [&](auto size, long at) {
          ForwardSegment<G, K, S, size>(tile + (r * columns + at) * S * kLanes, columns, filter, first, last,
                                        out + at * g.in_channels, g.in_channels);
        });
      }
    }
  });
}

// Packs a filter `[K, K, G, channels]`.
template <int G, int K>
CARDINAL_AVX512 void PackFilter(long channels, const float* filter, float* packed) {
  constexpr long kRows = K * K * G;
  for (long block = 0; block < channels / kLanes; ++block) {
    for (long row = 0; row < kRows; ++row) {
      _mm512_store_ps(packed + (block * kRows + row) * kLanes,
                      _mm512_loadu_ps(filter + row * channels + block * kLanes));
    }
  }
}

}  // namespace cardinal::direct
