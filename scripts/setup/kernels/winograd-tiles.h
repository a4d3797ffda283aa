// Images as tiles, and where what comes of them lies.
#pragma once

#include "team.h"
#include "winograd-transforms.h"

namespace cardinal::winograd {

// Channels of a panel: two vectors.
constexpr long kPanel = 2 * kLanes;

// Images of `height` x `width`, cut into squares of `side`.
struct Tiling {
  long batch, height, width, side;
  long Rows() const { return (height + side - 1) / side; }
  long Columns() const { return (width + side - 1) / side; }
  long Count() const { return batch * Rows() * Columns(); }

  // Image, and first row and column, of tile number `tile`.
  struct Place {
    long image, row, column;
  };
  Place At(long tile) const {
    return {tile / Columns() / Rows(), tile / Columns() % Rows() * side, tile % Columns() * side};
  }
};

// Rows or columns of an image: a first one, and the step to the next.
struct Span {
  long start, step;
  long operator[](long i) const { return start + i * step; }
  bool IsWithin(long count, long size) const {
    return std::min(start, (*this)[count - 1]) >= 0 && std::max(start, (*this)[count - 1]) < size;
  }
};

// One image `[height, width, channels]`, around which there are zeros.
struct Image {
  const float* values;
  long height, width, channels;
};

// Calls work(tile) for each of `count` tiles, shared out among the team.
template <typename Work>
void ShareTiles(long count, const Work& work) {
  constexpr long kTilesAJob = 8;
  Team::Instance().Run((count + kTilesAJob - 1) / kTilesAJob, [&](long job) {
    const long end = std::min(count, (job + 1) * kTilesAJob);
    for (long tile = job * kTilesAJob; tile < end; ++tile) work(tile);
  });
}

// What a transform makes of a tile are slots, one or several to each product: a layout says how many, and which product a slot
// belongs to. Here as many as products.
template <int Side>
struct Square {
  static constexpr int kSlots = Side * Side;
  static constexpr int Product(int slot) { return slot; }
};

// Where transformed tiles lie: [slot][panel of channels][tile][channel of the panel], with a cache line between one product and
// the next, without which the slots that are written at a time would all fall on the same few places of the cache.
template <typename Layout>
struct Panels {
  long channels, tiles;
  long Count() const { return channels / kPanel; }
  long Slot() const { return Count() * tiles * kPanel; }
  long Size() const { return Layout::kSlots * Slot() + (Layout::Product(Layout::kSlots - 1) + 1) * kLanes; }
  long At(int slot, long panel, long tile) const {
    return slot * Slot() + (panel * tiles + tile) * kPanel + Layout::Product(slot) * kLanes;
  }
};

// Transforms the rows and columns of an image, 16 channels from `channel` on; `slot(row, column)` says what becomes of each.
template <typename Rows, typename Columns, typename Layout, typename Slot>
CARDINAL_AVX512 inline void TransformWindow(const Image& image, Span rows, Span columns, long channel,
                                            const Panels<Layout>& panels, long tile, float* out, const Slot& slot) {
  alignas(64) static const float kZeros[kLanes] = {};
  float* to = out + panels.At(0, channel / kPanel, tile) + channel % kPanel;
  const long step = panels.Slot();
  const auto store = [&](int i, int j, __m512 v) CARDINAL_AVX512 {
    _mm512_store_ps(to + slot(i, j) * step + Layout::Product(slot(i, j)) * kLanes, v);
  };
  const float* from = image.values + channel;
  if (rows.IsWithin(Rows::kFrom, image.height) && columns.IsWithin(Columns::kFrom, image.width)) {
    from += (rows.start * image.width + columns.start) * image.channels;
    const long down = rows.step * image.width * image.channels, across = columns.step * image.channels;
    BothWays<Rows, Columns>(
        [&](int i, int j, __m512& v) CARDINAL_AVX512 { v = _mm512_loadu_ps(from + i * down + j * across); }, store);
  } else {
    BothWays<Rows, Columns>(
        [&](int i, int j, __m512& v) CARDINAL_AVX512 {
          const long y = rows[i], x = columns[j];
          const bool is_there = y >= 0 && y < image.height && x >= 0 && x < image.width;
          v = _mm512_loadu_ps(is_there ? from + (y * image.width + x) * image.channels : kZeros);
        },
        store);
  }
}

// So many channels before a transform needs it, a pixel is asked for: a tile's pixels are many short pieces of memory, which
// the processor does not foresee.
constexpr long kChannelsAhead = 64;

// Asks for 16 channels of a window of an image, as far as it is within, to be read or written. Always inlined: GCC takes a
// function that does no more for one without an effect, and leaves out its calls.
template <bool IsToBeWritten = false>
CARDINAL_AVX512 inline __attribute__((always_inline)) void Prefetch(const Image& image, const Window& window, long channel) {
  const long bottom = std::min(image.height, window.row + window.rows);
  const long right = std::min(image.width, window.column + window.columns);
  for (long y = std::max(0L, window.row); y < bottom; ++y) {
    for (long x = std::max(0L, window.column); x < right; ++x) {
      __builtin_prefetch(image.values + (y * image.width + x) * image.channels + channel, IsToBeWritten);
    }
  }
}

// Calls transform(image, place, channel) for every 16 channels of a tile. `window(place)` is what a tile reads, of which its
// neighbours above and to the left have read `overlap` rows and columns.
template <typename Read, typename Transform>
CARDINAL_AVX512 void ForChannels(const Image& images, const Tiling& tiling, long tile, long overlap, const Read& window,
                        const Transform& transform) {
  const auto image_of = [&](const Tiling::Place& place) {
    Image image = images;
    image.values += place.image * images.height * images.width * images.channels;
    return image;
  };
  const auto unread = [&](const Tiling::Place& place) {
    Window all = window(place);
    const long above = place.row > 0 ? overlap : 0, before = place.column > 0 ? overlap : 0;
    return Window{all.row + above, all.column + before, all.rows - above, all.columns - before};
  };
  const Tiling::Place here = tiling.At(tile), next = tiling.At(tile + 1 < tiling.Count() ? tile + 1 : tile);
  const Image image = image_of(here), next_image = image_of(next);
  const Window unread_here = unread(here), unread_next = unread(next);
  for (long channel = 0; channel < images.channels; channel += kLanes) {
    const long ahead = channel + kChannelsAhead;
    if (ahead < images.channels) {
      Prefetch(image, unread_here, ahead);
    } else {
      Prefetch(next_image, unread_next, ahead % images.channels);
    }
    transform(image, here, channel);
  }
}

}  // namespace cardinal::winograd
