// Winograd's minimal filtering F(4x4, 3x3): 16 outputs of a 3x3 convolution by 36 products in place of 144.
//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308: with matrices A, B and G,
// y = At [ (G g Gt) . (Bt d B) ] A for a tile d of 6x6 pixels, a filter g and 4x4 outputs y. Summed over channels, the
// products are 36 matrix products. Its gradients are the transposed maps.
//
// Each function below is a product with one of the matrices, along one dimension, for 16 channels at once.
#pragma once

#include <type_traits>

#include "geometry.h"

namespace cardinal::winograd {

constexpr int kTile = 6, kOut = 4, kTaps = 3;

CARDINAL_AVX512 inline __m512 Scale(float factor, __m512 v) { return _mm512_mul_ps(_mm512_set1_ps(factor), v); }
// factor · a + b
CARDINAL_AVX512 inline __m512 Add(float factor, __m512 a, __m512 b) {
  return _mm512_fmadd_ps(_mm512_set1_ps(factor), a, b);
}

// The matrices interpolate at 0, ±a, ±b and infinity. With a = 1/√2 and b = √2 rounding errors are a fifth of those with
// the usual 1 and 2 (Barabasz et al., arXiv:1803.10986, on what the choice of points does).
constexpr float kA = 0.70710678118654752f, kB = 1.41421356237309505f;

struct InputTransform {
  static constexpr int kFrom = kTile, kTo = kTile;
  CARDINAL_AVX512 static void Apply(const __m512 (&d)[kTile], __m512 (&v)[kTile]) {
    const __m512 even = Add(-2, d[2], d[4]), odd = Add(-2, d[1], d[3]);
    const __m512 even2 = Add(-0.5f, d[2], d[4]), odd2 = Add(-0.5f, d[1], d[3]);
    v[0] = _mm512_add_ps(d[0], Add(-2.5f, d[2], d[4]));
    v[1] = Add(kA, odd, even);
    v[2] = Add(-kA, odd, even);
    v[3] = Add(kB, odd2, even2);
    v[4] = Add(-kB, odd2, even2);
    v[5] = _mm512_add_ps(d[1], Add(-2.5f, d[3], d[5]));
  }
};

struct OutputTransform {
  static constexpr int kFrom = kTile, kTo = kOut;
  CARDINAL_AVX512 static void Apply(const __m512 (&m)[kTile], __m512 (&y)[kOut]) {
    const __m512 sum = _mm512_add_ps(m[1], m[2]), difference = Scale(kA, _mm512_sub_ps(m[1], m[2]));
    const __m512 sum2 = _mm512_add_ps(m[3], m[4]), difference2 = Scale(kB, _mm512_sub_ps(m[3], m[4]));
    y[0] = _mm512_add_ps(m[0], _mm512_add_ps(sum, sum2));
    y[1] = _mm512_add_ps(difference, difference2);
    y[2] = Add(0.5f, sum, Scale(2, sum2));
    y[3] = Add(0.5f, difference, Add(2, difference2, m[5]));
  }
};

// The transpose of the output's: what the gradient of an output is to the products.
struct OutputGradient {
  static constexpr int kFrom = kOut, kTo = kTile;
  CARDINAL_AVX512 static void Apply(const __m512 (&y)[kOut], __m512 (&m)[kTile]) {
    const __m512 even = Add(0.5f, y[2], y[0]), odd = Add(0.5f, y[3], y[1]);
    const __m512 even2 = Add(2, y[2], y[0]), odd2 = Add(2, y[3], y[1]);
    m[0] = y[0];
    m[1] = Add(kA, odd, even);
    m[2] = Add(-kA, odd, even);
    m[3] = Add(kB, odd2, even2);
    m[4] = Add(-kB, odd2, even2);
    m[5] = y[3];
  }
};

struct FilterTransform {
  static constexpr int kFrom = kTaps, kTo = kTile;
  CARDINAL_AVX512 static void Apply(const __m512 (&g)[kTaps], __m512 (&u)[kTile]) {
    const __m512 ends = Scale(-2.0f / 3, Add(0.5f, g[2], g[0])), middle = Scale(-2.0f / 3 * kA, g[1]);
    const __m512 ends2 = Scale(1.0f / 6, Add(2, g[2], g[0])), middle2 = Scale(1.0f / 6 * kB, g[1]);
    u[0] = g[0];
    u[1] = _mm512_add_ps(ends, middle);
    u[2] = _mm512_sub_ps(ends, middle);
    u[3] = _mm512_add_ps(ends2, middle2);
    u[4] = _mm512_sub_ps(ends2, middle2);
    u[5] = g[2];
  }
};

// The transpose of the filter's.
struct FilterGradient {
  static constexpr int kFrom = kTile, kTo = kTaps;
  CARDINAL_AVX512 static void Apply(const __m512 (&u)[kTile], __m512 (&g)[kTaps]) {
    const __m512 sum = Scale(-2.0f / 3, _mm512_add_ps(u[1], u[2]));
    const __m512 sum2 = Scale(1.0f / 6, _mm512_add_ps(u[3], u[4]));
    const __m512 difference = _mm512_sub_ps(u[1], u[2]), difference2 = _mm512_sub_ps(u[3], u[4]);
    g[0] = _mm512_add_ps(u[0], _mm512_add_ps(sum, sum2));
    g[1] = Add(-2.0f / 3 * kA, difference, Scale(1.0f / 6 * kB, difference2));
    g[2] = Add(0.5f, sum, Add(2, sum2, u[5]));
  }
};

// Transforms Rows::kFrom x Columns::kFrom vectors to Rows::kTo x Columns::kTo: `load(row, column, vector)` gives,
// `store(row, column, vector)` takes.
template <typename Rows, typename Columns, typename Load, typename Store>
CARDINAL_AVX512 inline __attribute__((always_inline)) void BothWays(const Load& load, const Store& store) {
  __m512 half[Rows::kTo][Columns::kFrom];
#pragma GCC unroll 6
  for (int column = 0; column < Columns::kFrom; ++column) {
    __m512 in[Rows::kFrom], out[Rows::kTo];
#pragma GCC unroll 6
    for (int row = 0; row < Rows::kFrom; ++row) load(row, column, in[row]);
    Rows::Apply(in, out);
#pragma GCC unroll 6
    for (int row = 0; row < Rows::kTo; ++row) half[row][column] = out[row];
  }
#pragma GCC unroll 6
  for (int row = 0; row < Rows::kTo; ++row) {
    __m512 out[Columns::kTo];
    Columns::Apply(half[row], out);
#pragma GCC unroll 6
    for (int column = 0; column < Columns::kTo; ++column) store(row, column, out[column]);
  }
}

}  // namespace cardinal::winograd
