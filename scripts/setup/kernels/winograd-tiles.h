// Images as tiles, transformed.
#pragma once

#include "winograd-transforms.h"

namespace cardinal::winograd {

// Channels of a panel: two vectors.
constexpr long kPanel = 2 * kLanes;

// An image of `height` x `width` outputs is cut into tiles of 4x4.
struct Tiling {
  long batch, height, width;
  long Rows() const { return (height + kOut - 1) / kOut; }
  long Columns() const { return (width + kOut - 1) / kOut; }
  long Count() const { return batch * Rows() * Columns(); }
};

// Where transformed tiles lie: [product][panel of channels][tile][channel of the panel], with a cache line between one
// product and the next, without which the 36 that are written at a time would all fall on the same few places of the cache.
struct Panels {
  long channels, tiles;
  long Count() const { return channels / kPanel; }
  long Product() const { return Count() * tiles * kPanel + kLanes; }
  long Size() const { return kProducts * Product(); }
  long At(long product, long panel, long tile) const { return product * Product() + (panel * tiles + tile) * kPanel; }
};

// Transforms one tile of all channels of images `[height, width, channels]`. The tile is number `tile` of `tiling`, its
// first pixel `top` rows above and `left` columns before its first output.
template <typename Transform>
CARDINAL_AVX512 void TransformTile(const float* images, long height, long width, long channels, const Tiling& tiling,
                                   long tile, long top, long left, const Panels& panels, long at, float* out) {
  constexpr int F = Transform::kFrom;
  const long column = tile % tiling.Columns(), row = tile / tiling.Columns() % tiling.Rows();
  const long n = tile / tiling.Columns() / tiling.Rows();
  const long y0 = row * kOut - top, x0 = column * kOut - left;
  const float* image = images + n * height * width * channels;
  const bool is_inside = y0 >= 0 && x0 >= 0 && y0 + F <= height && x0 + F <= width;
  alignas(64) static const float kZeros[kLanes] = {};
  for (long lane = 0; lane < channels; lane += kLanes) {
    float* to = out + panels.At(0, lane / kPanel, at) + lane % kPanel;
    const long step = panels.Product();
    const auto store = [&](int i, int j, __m512 v) CARDINAL_AVX512 { _mm512_store_ps(to + (i * kTile + j) * step, v); };
    if (is_inside) {
      const float* from = image + (y0 * width + x0) * channels + lane;
      BothWays<Transform>([&](int i, int j, __m512& v)
                              CARDINAL_AVX512 { v = _mm512_loadu_ps(from + (i * width + j) * channels); },
                          store);
    } else {
      BothWays<Transform>(
          [&](int i, int j, __m512& v) CARDINAL_AVX512 {
            const long y = y0 + i, x = x0 + j;
            const bool is_there = y >= 0 && y < height && x >= 0 && x < width;
            v = _mm512_loadu_ps(is_there ? image + (y * width + x) * channels + lane : kZeros);
          },
          store);
    }
  }
}

}  // namespace cardinal::winograd
