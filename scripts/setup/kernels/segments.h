// How a row of outputs is cut into segments whose sums stay in registers.
#pragma once

#include <algorithm>
#include <type_traits>

namespace cardinal {

// Calls `segment(size, at)` for segments that cover `width`, all of one size, a constant: that of 16, 14, 8, 4 and `Least`
// which wastes least. The last begins where it still ends with the row, and so may compute some outputs once more.
template <int Least, typename Segment>
void ForSegments(long width, const Segment& segment) {
  const auto cost = [&](long size) {
    constexpr long kOverhead = 2;  // pixels beside a segment's own that it reads
    return size > width ? 1L << 60 : (width + size - 1) / size * (size + kOverhead);
  };
  const long best = std::min({cost(16), cost(14), cost(8), cost(4)});
  const auto cover = [&](auto size) {
    for (long at = 0; at < width; at += size) segment(size, std::max(0L, std::min(at, width - size)));
  };
  if (best == 1L << 60) return cover(std::integral_constant<int, Least>());
  if (cost(16) == best) return cover(std::integral_constant<int, 16>());
  if (cost(14) == best) return cover(std::integral_constant<int, 14>());
  if (cost(8) == best) return cover(std::integral_constant<int, 8>());
  cover(std::integral_constant<int, 4>());
}

}  // namespace cardinal
