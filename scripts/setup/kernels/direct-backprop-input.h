// The gradient with respect to the input.
#pragma once

#include "direct-forward.h"

namespace cardinal::direct {

// Packs a filter with the channels of each group exchanged, as a gradient meets it; `is_turned` by 180 degrees too.
template <int G, int K>
void PackExchanged(long channels, bool is_turned, const float* filter, float* packed) {
  Team::Instance().Run(channels / kLanes, [&](long block) {
    for (int tap = 0; tap < K * K; ++tap) {
      const float* from = filter + (is_turned ? K * K - 1 - tap : tap) * G * channels + block * kLanes;
      for (int o = 0; o < G; ++o) {
        float* to = packed + block * kPackedBlock<G, K> + (tap * G + o) * kLanes;
        for (int lane = 0; lane < kLanes; ++lane) to[lane] = from[lane % G * channels + lane / G * G + o];
      }
    }
  });
}

// Stride 2: what output channel I of each group contributes to T inputs side by side, the first of them one on which an
// output's first tap lies. Output p reaches inputs 2p to 2p + K - 1.
template <int G, int K, int T, int I>
CARDINAL_AVX512 inline void ScatterChannel(const float* row, const float* filter, __m512 (&sums)[T]) {
  __m512 weights[K];
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k) weights[k] = _mm512_load_ps(filter + (k * G + I) * kLanes);
#pragma GCC unroll 16
  for (int p = -(K / 2); p < (T + 1) / 2; ++p) {
    const __m512 pixel = Spread<G, I>(row + (p + K / 2) * kLanes);
#pragma GCC unroll 8
    for (int k = 0; k < K; ++k) {
      const int t = 2 * p + k;
      if (t >= 0 && t < T) sums[t] = _mm512_fmadd_ps(pixel, weights[k], sums[t]);
    }
  }
}

template <int G, int K, int T, int... I>
CARDINAL_AVX512 inline void ScatterRow(const float* row, const float* filter, __m512 (&sums)[T],
                                       std::integer_sequence<int, I...>) {
  (ScatterChannel<G, K, T, I>(row, filter, sums), ...);
}

// T inputs of one block. `padded_row` is theirs counted from the first row of zeros, `first_out` the output that the tile
// begins with. Of the T, those from `from` to `to` are stored.
template <int G, int K, int T>
CARDINAL_AVX512 void ScatterSegment(const Geometry& g, const float* tile, long columns, const float* filter,
                                    long padded_row, long first_out, long from, long to, float* dx) {
  __m512 sums[T];
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) sums[t] = _mm512_setzero_ps();
  for (long k = padded_row % 2; k < K; k += 2) {
    const long out = (padded_row - k) / 2;
    if (padded_row < k || out >= g.out_height) continue;
    ScatterRow<G, K, T>(tile + (out - first_out) * columns * kLanes, filter + k * K * G * kLanes, sums,
                        std::make_integer_sequence<int, G>());
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; ++t) {
    if (t >= from && t < to) _mm512_storeu_ps(dx + t * g.in_channels, sums[t]);
  }
}

// dx of a convolution with stride 2 and a filter with exchanged channels.
template <int G, int K>
void Scatter(const Geometry& g, const float* dy, const float* packed, float* dx) {
  constexpr long kMargin = K / 2;
  constexpr int kLeast = 2;  // an even number, so that each segment begins with an output's first tap
  const long padded_width = std::max<long>(kLeast, (g.left + g.in_width + 1) / 2 * 2);
  const long columns = kMargin + padded_width / 2;
  const long row_bytes = columns * kLanes * sizeof(float);
  const long rows_a_job = RowsPerJob(g.batch, g.in_height, (kTileBytes / row_bytes - K / 2 - 1) * 2);
  const long jobs_an_image = (g.in_height + rows_a_job - 1) / rows_a_job;
  Team::Instance().Run(g.batch * jobs_an_image, [&](long job) {
    static thread_local Scratch scratch;
    const long n = job / jobs_an_image, top = job % jobs_an_image * rows_a_job;
    const long rows = std::min(rows_a_job, g.in_height - top);
    // Outputs that reach these rows; the first may lie before the image.
    const long first_out = (top + g.top) / 2 - kMargin, last_out = (top + rows - 1 + g.top) / 2;
    float* tile = scratch.OfSize((last_out - first_out + 1) * columns * kLanes);
    for (long block = 0; block < g.Blocks(); ++block) {
      const float* image = dy + n * g.out_height * g.out_width * g.in_channels + block * kLanes;
      CopyTile(image, g.out_height, g.out_width, g.in_channels, {first_out, -kMargin, last_out - first_out + 1, columns},
               tile);
      for (long r = top; r < top + rows; ++r) {
        float* row = dx + ((n * g.in_height + r) * g.in_width) * g.in_channels + block * kLanes;
        ForSegments<kLeast>(padded_width, [&](auto size, long at) {
          ScatterSegment<G, K, size>(g, tile + at / 2 * kLanes, columns, packed + block * kPackedBlock<G, K>, r + g.top,
                                     first_out, g.left - at, g.left + g.in_width - at,
                                     row + (at - g.left) * g.in_channels);
        });
      }
    }
  });
}

// dx `[batch, in_height, in_width, channels]` of dy and a filter `[K, K, G, channels]`; zeros on a side are at most K - 1.
template <int G, int K, int S>
void BackpropInput(const Geometry& g, const float* dy, const float* filter, float* dx) {
  static thread_local Scratch scratch;
  float* packed = scratch.OfSize(g.Blocks() * kPackedBlock<G, K>);
  PackExchanged<G, K>(g.in_channels, S == 1, filter, packed);
  if constexpr (S == 1) {
    Forward<G, K, 1>(g.Turned(K), dy, packed, dx);
  } else {
    Scatter<G, K>(g, dy, packed, dx);
  }
}

}  // namespace cardinal::direct
