import { roundChannels } from '../../models/blocks/round-channels';

test.each([
  // The nearest multiple of 8 …
  [83, 80],
  [84, 88],
  [36, 40],
  [35, 32],
  // … at least 8 …
  [1, 8],
  [8, 8],
  // … and not more than a tenth below.
  [18, 24],
  [17, 16],
  [11, 16],
  [1280 * 1.4, 1792],
])('%d becomes %d', (channels, rounded) => {
  expect(roundChannels(channels)).toBe(rounded);
});
