// AdamW, by PyTorch's formulas.
#pragma once

#include "optimizer-update.h"

namespace cardinal {

class AdamWUpdate {
 public:
  static constexpr const char* kName = "CardinalAdamWUpdate";
  // The shares are what a step takes of the new: one less the betas.
  static constexpr std::array<const char*, 4> kAttributes{"mean_share", "beta2", "square_share", "epsilon"};
  static constexpr std::array<const char*, 2> kSlots{"mean", "square"};
  static constexpr std::array<const char*, 3> kSettings{"rate", "root_correction", "shrink"};
  using Attributes = std::array<float, kAttributes.size()>;

  AdamWUpdate(const Attributes& attributes, const std::array<float, 3>& settings)
      : attributes_(attributes), settings_(settings) {}

  CARDINAL_AVX512 void Apply(__m512 gradient, __m512& weights, __m512* slots) const {
    const auto [mean_share, beta2, square_share, epsilon] = attributes_;
    const auto [rate, root_correction, shrink] = settings_;
    slots[0] = _mm512_fmadd_ps(_mm512_set1_ps(mean_share), _mm512_sub_ps(gradient, slots[0]), slots[0]);
    slots[1] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_set1_ps(square_share), gradient), gradient,
                               _mm512_mul_ps(_mm512_set1_ps(beta2), slots[1]));
    const __m512 scale = _mm512_add_ps(_mm512_div_ps(_mm512_sqrt_ps(slots[1]), _mm512_set1_ps(root_correction)),
                                       _mm512_set1_ps(epsilon));
    weights = _mm512_fnmadd_ps(_mm512_set1_ps(rate), _mm512_div_ps(slots[0], scale),
                               _mm512_mul_ps(_mm512_set1_ps(shrink), weights));
  }

 private:
  const Attributes attributes_;
  const std::array<float, 3> settings_;
};

}  // namespace cardinal
