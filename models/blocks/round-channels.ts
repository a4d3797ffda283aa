/**
 * Channels as a width multiplier leaves them: the nearest multiple of 8, at least 8, and one more 8 where that is less than
 * nine tenths of `channels`.
 *
 * Source: the code of the authors of MobileNet, which MNASNet and EfficientNet follow.
 *
 * @example
 * roundChannels(24 * 0.75); // 24, since 16 is less than 0.9 of 18
 */
export function roundChannels(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
