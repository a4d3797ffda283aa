import { torchFill, torchFillImages, uniform } from '../support/torch-fill';

// The numbers expected here were printed by scripts/fixtures/torch_fill.py.

/** The sum of the bit patterns, which one differing bit changes. */
function bitSum(values: Float32Array): number {
  return new Uint32Array(values.buffer).reduce((sum, bits) => sum + bits, 0);
}

test('numbers from a name', () => {
  const numbers = uniform('layer1.0.conv2.weight', 300).map((value) => value * 2 ** 23);
  expect([...numbers.slice(0, 4)]).toEqual([-8223576, 1243183, -6422942, -1359979]);
  expect(numbers[299]).toBe(3881020);
  expect(numbers.reduce((sum, value) => sum + value)).toBe(-96814252);
});

test.each([
  ['layer1.0.conv2.weight', [4, 3, 3, 3], 0.83, 239181481431],
  ['fc.weight', [5, 7], 1.1, 77532936901],
  ['fc.bias', [7], 1.1, 11472297435],
  ['bn.weight', [7], 1.1, 7396519898],
  ['bn.running_mean', [7], 1.1, 9314045404],
  ['bn.running_var', [7], 1.1, 7333257514],
  ['features.1.0.layer_scale', [7, 1, 1], 1.1, 7389485386],
])('%s %j has the bits that Python gives it', (name, shape, gain, sum) => {
  expect(bitSum(torchFill(name, shape, { gain }))).toBe(sum);
});

test('biases that keep ReLUs from bending', () => {
  expect(bitSum(torchFill('bn.bias', [40], { gain: 1, apart: true }))).toBe(57959100856);
});

test('images have the bits that Python gives them, channels last', () => {
  const images = torchFillImages(2, 40);
  expect(bitSum(images)).toBe(21161410712319);
  const bits = new Uint32Array(images.buffer);
  const at = (image: number, row: number, column: number, channel: number) =>
    bits[((image * 40 + row) * 40 + column) * 3 + channel];
  expect(at(1, 39, 38, 2)).toBe(1033203632);
  expect(at(0, 3, 20, 1)).toBe(1071422070);
});
