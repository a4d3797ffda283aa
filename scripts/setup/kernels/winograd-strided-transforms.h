// Minimal filtering with stride 2, of a 3x3 kernel.
//
// Along one dimension, y[i] = g0 d[2i] + g1 d[2i + 1] + g2 d[2i + 2]: a convolution of the even values of d with (g0, g2) and
// one of the odd values with (g1). The even one is F(4, 2), 5 products for 4 outputs. The odd one is taken as a kernel (g1, 0)
// in the same scheme, where the product at infinity is 0 and the 4 others may be summed with those of the even values. Both
// ways that makes 81 products for 16 outputs, of four phases of the image, where the definition has 144, and sums in 25 places.
#pragma once

#include "winograd-tiles.h"

namespace cardinal::winograd {

constexpr int kStridedTile = 5;

// The matrices interpolate at ±p, ±q and infinity; for these points rounding errors are about the least.
constexpr float kP = 0.5f, kQ = 1.25f, kP2 = kP* kP, kQ2 = kQ* kQ;

struct OddInput {
  static constexpr int kFrom = 4, kTo = 4;
  CARDINAL_AVX512 static void Apply(const __m512 (&d)[4], __m512 (&v)[4]) {
    const __m512 even = Scale(kP, Add(-kQ2, d[0], d[2])), odd = Add(-kQ2, d[1], d[3]);
    const __m512 even2 = Scale(kQ, Add(-kP2, d[0], d[2])), odd2 = Add(-kP2, d[1], d[3]);
    v[0] = _mm512_add_ps(odd, even);
    v[1] = _mm512_sub_ps(odd, even);
    v[2] = _mm512_add_ps(odd2, even2);
    v[3] = _mm512_sub_ps(odd2, even2);
  }
};

struct EvenInput {
  static constexpr int kFrom = 5, kTo = 5;
  CARDINAL_AVX512 static void Apply(const __m512 (&d)[5], __m512 (&v)[5]) {
    const __m512 first[4] = {d[0], d[1], d[2], d[3]};
    __m512 finite[4];
    OddInput::Apply(first, finite);
    for (int i = 0; i < 4; ++i) v[i] = finite[i];
    v[4] = Add(kP2 * kQ2, d[0], Add(-(kP2 + kQ2), d[2], d[4]));
  }
};

// 4 outputs of products at the 4 finite points.
struct OddOutput {
  static constexpr int kFrom = 4, kTo = 4;
  CARDINAL_AVX512 static void Apply(const __m512 (&m)[4], __m512 (&y)[4]) {
    const __m512 sum = _mm512_add_ps(m[0], m[1]), difference = Scale(kP, _mm512_sub_ps(m[0], m[1]));
    const __m512 sum2 = _mm512_add_ps(m[2], m[3]), difference2 = Scale(kQ, _mm512_sub_ps(m[2], m[3]));
    y[0] = _mm512_add_ps(sum, sum2);
    y[1] = _mm512_add_ps(difference, difference2);
    y[2] = Add(kP2, sum, Scale(kQ2, sum2));
    y[3] = Add(kP2, difference, Scale(kQ2, difference2));
  }
};

// The same of all 5.
struct EvenOutput {
  static constexpr int kFrom = 5, kTo = 4;
  CARDINAL_AVX512 static void Apply(const __m512 (&m)[5], __m512 (&y)[4]) {
    const __m512 finite[4] = {m[0], m[1], m[2], m[3]};
    OddOutput::Apply(finite, y);
    y[3] = _mm512_add_ps(y[3], m[4]);
  }
};

// The transpose of EvenOutput: what the gradient of an output is to the products.
struct StridedOutputGradient {
  static constexpr int kFrom = 4, kTo = 5;
  CARDINAL_AVX512 static void Apply(const __m512 (&y)[4], __m512 (&m)[5]) {
    const __m512 even = Add(kP2, y[2], y[0]), odd = Scale(kP, Add(kP2, y[3], y[1]));
    const __m512 even2 = Add(kQ2, y[2], y[0]), odd2 = Scale(kQ, Add(kQ2, y[3], y[1]));
    m[0] = _mm512_add_ps(even, odd);
    m[1] = _mm512_sub_ps(even, odd);
    m[2] = _mm512_add_ps(even2, odd2);
    m[3] = _mm512_sub_ps(even2, odd2);
    m[4] = y[3];
  }
};

// What divides a filter's value at ±p, of either sign, and at ±q.
constexpr float kAtP = 1 / (2 * kP * (kP2 - kQ2)), kAtQ = 1 / (2 * kQ * (kQ2 - kP2));

// Two taps, (g0, g1) at 5 points.
struct EvenFilter {
  static constexpr int kFrom = 2, kTo = 5;
  CARDINAL_AVX512 static void Apply(const __m512 (&g)[2], __m512 (&u)[5]) {
    const __m512 constant = Scale(kAtP, g[0]), constant2 = Scale(kAtQ, g[0]);
    u[0] = Add(kP * kAtP, g[1], constant);
    u[1] = _mm512_sub_ps(Scale(kP * kAtP, g[1]), constant);
    u[2] = Add(kQ * kAtQ, g[1], constant2);
    u[3] = _mm512_sub_ps(Scale(kQ * kAtQ, g[1]), constant2);
    u[4] = g[1];
  }
};

// One tap, (g0, 0) at the 4 finite points.
struct OddFilter {
  static constexpr int kFrom = 1, kTo = 4;
  CARDINAL_AVX512 static void Apply(const __m512 (&g)[1], __m512 (&u)[4]) {
    u[0] = Scale(kAtP, g[0]);
    u[1] = Scale(-kAtP, g[0]);
    u[2] = Scale(kAtQ, g[0]);
    u[3] = Scale(-kAtQ, g[0]);
  }
};

// The transposes of these two.
struct EvenFilterGradient {
  static constexpr int kFrom = 5, kTo = 2;
  CARDINAL_AVX512 static void Apply(const __m512 (&u)[5], __m512 (&g)[2]) {
    g[0] = Add(kAtP, _mm512_sub_ps(u[0], u[1]), Scale(kAtQ, _mm512_sub_ps(u[2], u[3])));
    g[1] = Add(kP * kAtP, _mm512_add_ps(u[0], u[1]), Add(kQ * kAtQ, _mm512_add_ps(u[2], u[3]), u[4]));
  }
};

struct OddFilterGradient {
  static constexpr int kFrom = 4, kTo = 1;
  CARDINAL_AVX512 static void Apply(const __m512 (&u)[4], __m512 (&g)[1]) {
    g[0] = Add(kAtP, _mm512_sub_ps(u[0], u[1]), Scale(kAtQ, _mm512_sub_ps(u[2], u[3])));
  }
};

// The layout of what has phases: a slot for each phase of each product that is not 0 there, a product's side by side.
struct Phases {
  static constexpr int kSlots = 81;
  // Slots of one product in a row or column: both phases, but at infinity.
  static constexpr int Of(int i) { return i < 4 ? 2 : 1; }
  static constexpr int First(int i, int j) { return i * 18 + j * 2 * Of(i); }
  static constexpr int Count(int i, int j) { return Of(i) * Of(j); }
  static constexpr int Product(int slot) {
    const int i = slot / 18, j = slot % 18 / (2 * Of(i));
    return i * kStridedTile + j;
  }
  // Of product (i, j) in a phase.
  static constexpr int Slot(bool is_odd_row, bool is_odd_column, int i, int j) {
    return First(i, j) + is_odd_row * Of(j) + is_odd_column;
  }
};

// Calls work(is odd row, is odd column) with constants for the four phases.
template <typename Work>
CARDINAL_AVX512 inline __attribute__((always_inline)) void ForPhases(const Work& work) {
  using No = std::false_type;
  using Yes = std::true_type;
  work(No(), No());
  work(No(), Yes());
  work(Yes(), No());
  work(Yes(), Yes());
}

// One of two transforms, by phase.
template <bool IsOdd, typename Even, typename Odd>
using ByPhase = std::conditional_t<IsOdd, Odd, Even>;

}  // namespace cardinal::winograd
