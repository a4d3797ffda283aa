// Stochastic gradient descent with Nesterov momentum, by PyTorch's formulas.
#pragma once

#include "optimizer-update.h"

namespace cardinal {

class SgdUpdate {
 public:
  static constexpr const char* kName = "CardinalSgdUpdate";
  static constexpr std::array<const char*, 2> kAttributes{"momentum", "decay"};
  static constexpr std::array<const char*, 1> kSlots{"velocity"};
  static constexpr std::array<const char*, 1> kSettings{"rate"};
  using Attributes = std::array<float, kAttributes.size()>;

  SgdUpdate(const Attributes& attributes, const std::array<float, 1>& settings)
      : momentum_(attributes[0]), decay_(attributes[1]), rate_(settings[0]) {}

  CARDINAL_AVX512 void Apply(__m512 gradient, __m512& weights, __m512* slots) const {
    const __m512 momentum = _mm512_set1_ps(momentum_);
    const __m512 pull = _mm512_fmadd_ps(_mm512_set1_ps(decay_), weights, gradient);
    slots[0] = _mm512_fmadd_ps(momentum, slots[0], pull);
    weights = _mm512_fnmadd_ps(_mm512_set1_ps(rate_), _mm512_fmadd_ps(momentum, slots[0], pull), weights);
  }

 private:
  const float momentum_, decay_, rate_;
};

}  // namespace cardinal
