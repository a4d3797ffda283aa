// What all three passes share: the shape of a convolution, vectors of 16 channels, and tiles.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdlib>
#include <new>

// These files are compiled for any x86-64; only functions marked so use the wide registers, and only where they are. Processors
// that have them have prefetches for writing too.
#define CARDINAL_AVX512 __attribute__((target("avx512f,prfchw")))

namespace cardinal {

// Channels in a vector. A block of so many holds whole groups, since a group has 1, 4, 8 or 16 channels.
constexpr long kLanes = 16;

// A convolution in whichever direction: NHWC, as many zeros above and to the left as `top` and `left` say and as many below
// and to the right as the output needs.
struct Geometry {
  long batch, in_channels, out_channels;
  long in_height, in_width, out_height, out_width;
  long top, left;

  // Of the convolution that is its input gradient, where the stride is 1 and the kernel of that size.
  Geometry Turned(long kernel_size) const {
    return {batch,     out_channels, in_channels,           out_height,            out_width,
            in_height, in_width,     kernel_size - 1 - top, kernel_size - 1 - left};
  }

  long Blocks() const { return in_channels / kLanes; }
};

// A filter is packed block by block: `[block][row][column][channel of the group][lane]`.
template <int G, int K>
constexpr long kPackedBlock = K * K * G * kLanes;

// Memory that a thread keeps from call to call.
class Scratch {
 public:
  ~Scratch() { std::free(data_); }

  float* OfSize(long size) {
    if (size <= size_) return data_;
    std::free(data_);
    data_ = static_cast<float*>(std::aligned_alloc(64, (size * sizeof(float) + 63) / 64 * 64));
    if (data_ == nullptr) throw std::bad_alloc();
    size_ = size;
    return data_;
  }

 private:
  float* data_ = nullptr;
  long size_ = 0;
};

// A rectangle of an image, which may reach beyond it.
struct Window {
  long row, column, rows, columns;
};

// Copies one block of a window of an image `[height, width, channels]` to `[rows, columns, lane]`, with zeros where there
// is no image: what reads a tile needs no case for borders, and its pixels lie side by side, where in an image of many
// channels they would compete for few places in the cache.
CARDINAL_AVX512 inline void CopyTile(const float* image, long height, long width, long channels, Window window,
                                     float* tile) {
  const __m512 zero = _mm512_setzero_ps();
  for (long r = 0; r < window.rows; ++r) {
    const long y = window.row + r;
    float* to = tile + r * window.columns * kLanes;
    long c = 0;
    if (y >= 0 && y < height) {
      const float* from = image + (y * width + window.column) * channels;
      for (; c < window.columns && window.column + c < 0; ++c) _mm512_store_ps(to + c * kLanes, zero);
      const long end = std::min(window.columns, width - window.column);
      for (; c < end; ++c) _mm512_store_ps(to + c * kLanes, _mm512_loadu_ps(from + c * channels));
    }
    for (; c < window.columns; ++c) _mm512_store_ps(to + c * kLanes, zero);
  }
}

// Channel I of each group, in all lanes of its group.
template <int G, int I>
CARDINAL_AVX512 inline __m512 Spread(const float* pixel) {
  static_assert(G == 1 || G == 4 || G == 8 || G == 16);
  if constexpr (G == 1) return _mm512_load_ps(pixel);
  if constexpr (G == 4) return _mm512_permute_ps(_mm512_load_ps(pixel), I * 0x55);
  if constexpr (G == 8) {
    constexpr int H = I + 8;
    const __m512i lanes = _mm512_setr_epi32(I, I, I, I, I, I, I, I, H, H, H, H, H, H, H, H);
    return _mm512_permutexvar_ps(lanes, _mm512_load_ps(pixel));
  }
  return _mm512_set1_ps(pixel[I]);
}

// The tile of so many bytes stays in the second-level cache.
constexpr long kTileBytes = 64 * 1024;

// How many rows of output a job takes, of `fitting` that a tile has room for: whole images where there are many, and
// less where else too few jobs would be left to share out.
inline long RowsPerJob(long batch, long height, long fitting) {
  constexpr long kWantedJobs = 16, kLeastRows = 4;
  const long jobs_an_image = (kWantedJobs + batch - 1) / batch;
  const long shared = std::max(kLeastRows, (height + jobs_an_image - 1) / jobs_an_image);
  return std::max(1L, std::min({height, fitting, shared}));
}

}  // namespace cardinal
