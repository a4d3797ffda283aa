// The gradient with respect to the filter.
#pragma once

#include "geometry.h"
#include "team.h"

namespace cardinal::direct {

// Input channels whose sums are kept in registers at a time, for all K columns of a row of the filter.
template <int G>
constexpr int kAtATime = G < 4 ? G : 4;

// Adds to `sums`, one row of the filter `[column][channel of the group][lane]`, what channels from C on of `rows` rows
// contribute. x and dy are tiles; pixel 0 of x is the one that output 0 of dy has its first tap on.
template <int G, int K, int S, int C, int... I>
CARDINAL_AVX512 void AddProducts(const float* x, const float* dy, float* sums, long rows, long steps, long x_row,
                                 long dy_row, std::integer_sequence<int, I...>) {
  constexpr int N = sizeof...(I);
  __m512 kept[K][N];
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k)
#pragma GCC unroll 4
    for (int i = 0; i < N; ++i) kept[k][i] = _mm512_load_ps(sums + (k * G + C + i) * kLanes);
  for (long r = 0; r < rows; ++r) {
    for (long step = 0; step < steps; ++step) {
      const float* gradient = dy + r * dy_row + step * kLanes;
#pragma GCC unroll 2
      for (int q = 0; q < S; ++q) {
        const float* pixel = x + r * x_row + (step * S + q) * kLanes;
        const __m512 channels[N] = {Spread<G, C + I>(pixel)...};
#pragma GCC unroll 8
        for (int k = q; k < K; k += S) {
          const __m512 g = _mm512_load_ps(gradient - (k - q) / S * kLanes);
#pragma GCC unroll 4
          for (int i = 0; i < N; ++i) kept[k][i] = _mm512_fmadd_ps(channels[i], g, kept[k][i]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int k = 0; k < K; ++k)
#pragma GCC unroll 4
    for (int i = 0; i < N; ++i) _mm512_store_ps(sums + (k * G + C + i) * kLanes, kept[k][i]);
}

template <int G, int K, int S, int C = 0>
void AddAllProducts(const float* x, const float* dy, float* sums, long rows, long steps, long x_row, long dy_row) {
  AddProducts<G, K, S, C>(x, dy, sums, rows, steps, x_row, dy_row, std::make_integer_sequence<int, kAtATime<G>>());
  if constexpr (C + kAtATime<G> < G) {
    AddAllProducts<G, K, S, C + kAtATime<G>>(x, dy, sums, rows, steps, x_row, dy_row);
  }
}

inline long CeilDivide(long a, long b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

// How the pixels of one row pair up: the tile of x begins at column `first`, so that step s reads pixels s·S to s·S + S - 1
// of it and output s + shift at the most.
template <int K, int S>
struct Pairing {
  explicit Pairing(const Geometry& g)
      : first(-(g.left % S)),
        shift(g.left / S),
        steps(CeilDivide(g.in_width - first, S)),
        margin((K - 1) / S),
        columns(margin + std::max(g.out_width, steps + shift)) {}
  const long first, shift, steps, margin, columns;
};

// The share of images' rows `from` to `to` (counted in jobs of `rows_a_job`) in the sums of one block.
template <int G, int K, int S>
void AddShare(const Geometry& g, const float* x, const float* dy, long block, long from, long to, long rows_a_job,
              float* sums) {
  static thread_local Scratch scratch;
  const Pairing<K, S> pairing(g);
  const long x_row = pairing.steps * S * kLanes, dy_row = pairing.columns * kLanes;
  float* x_tile = scratch.OfSize(((rows_a_job - 1) * S + K) * x_row + rows_a_job * dy_row);
  float* dy_tile = x_tile + ((rows_a_job - 1) * S + K) * x_row;
  const long jobs_an_image = CeilDivide(g.out_height, rows_a_job);
  for (long job = from; job < to; ++job) {
    const long n = job / jobs_an_image, top = job % jobs_an_image * rows_a_job;
    const long rows = std::min(rows_a_job, g.out_height - top);
    CopyTile(x + n * g.in_height * g.in_width * g.in_channels + block * kLanes, g.in_height, g.in_width, g.in_channels,
             {top * S - g.top, pairing.first, (rows - 1) * S + K, pairing.steps * S}, x_tile);
    CopyTile(dy + n * g.out_height * g.out_width * g.in_channels + block * kLanes, g.out_height, g.out_width, g.in_channels,
             {top, -pairing.margin, rows, pairing.columns}, dy_tile);
    for (long k = 0; k < K; ++k) {
      // Of the rows of outputs, those whose tap k lies in the image.
      const long first = std::max(0L, CeilDivide(g.top - k, S) - top);
      const long last = std::min(rows, CeilDivide(g.in_height + g.top - k, S) - top);
      if (first >= last) continue;
      AddAllProducts<G, K, S>(x_tile + (first * S + k) * x_row,
                              dy_tile + first * dy_row + (pairing.margin + pairing.shift) * kLanes,
                              sums + k * K * G * kLanes, last - first, pairing.steps, S * x_row, dy_row);
    }
  }
}

// dFilter `[K, K, G, channels]` of x and dy. The parts that are summed apart depend on the shapes alone, so the result
// does not on the number of threads.
template <int G, int K, int S>
void BackpropFilter(const Geometry& g, const float* x, const float* dy, float* d_filter) {
  constexpr long kWantedJobs = 16, kRows = K * K * G;
  const Pairing<K, S> pairing(g);
  const long row_bytes = pairing.steps * S * kLanes * sizeof(float);
  const long fitting = (kTileBytes / 2 / row_bytes - K) / S + 1;
  const long rows_a_job = std::max(1L, std::min(g.out_height, fitting));
  const long jobs = g.batch * CeilDivide(g.out_height, rows_a_job);
  const long parts = std::max(1L, std::min(jobs, CeilDivide(kWantedJobs, g.Blocks())));
  static thread_local Scratch scratch;
  float* sums = scratch.OfSize(parts * g.Blocks() * kPackedBlock<G, K>);
  // Neighbouring blocks one after the other: they share the pages that are read.
  Team::Instance().Run(parts * g.Blocks(), [&](long job) {
    const long part = job / g.Blocks(), block = job % g.Blocks();
    float* own = sums + job * kPackedBlock<G, K>;
    std::fill(own, own + kPackedBlock<G, K>, 0.0f);
    AddShare<G, K, S>(g, x, dy, block, jobs * part / parts, jobs * (part + 1) / parts, rows_a_job, own);
  });
  for (long block = 0; block < g.Blocks(); ++block) {
    for (long row = 0; row < kRows; ++row) {
      for (long lane = 0; lane < kLanes; ++lane) {
        float sum = 0;
        for (long part = 0; part < parts; ++part) {
          sum += sums[((part * g.Blocks() + block) * kRows + row) * kLanes + lane];
        }
        d_filter[row * g.in_channels + block * kLanes + lane] = sum;
      }
    }
  }
}

}  // namespace cardinal::direct
