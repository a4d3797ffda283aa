import { fromTorch, toTorch, torchCounterpart } from '../../src/import/torch-names';

test.each([
  ['layer1.0.conv2/kernel', [3, 5, 4, 128], 'layer1.0.conv2.weight', [128, 4, 3, 5]],
  ['blocks.0.conv_dw/depthwise_kernel', [3, 5, 8, 2], 'blocks.0.conv_dw.weight', [16, 1, 3, 5]],
  ['fc/kernel', [512, 10], 'fc.weight', [10, 512]],
  ['fc/bias', [10], 'fc.bias', [10]],
  ['bn1/gamma', [64], 'bn1.weight', [64]],
  ['bn1/beta', [64], 'bn1.bias', [64]],
  ['bn1/moving_mean', [64], 'bn1.running_mean', [64]],
  ['bn1/moving_variance', [64], 'bn1.running_var', [64]],
  ['features.1.0/layer_scale', [96], 'features.1.0.layer_scale', [96, 1, 1]],
  ['layer1.0.se/fc1/kernel', [1, 1, 256, 16], 'layer1.0.se.fc1.weight', [16, 256, 1, 1]],
])('%s %j is %s %j in PyTorch', (own, ownShape, name, shape) => {
  expect(torchCounterpart(own, ownShape)).toMatchObject({ name, shape });
});

test.each(['embedding/embeddings', 'kernel', 'conv/constructor'])('%s has no counterpart', (name) => {
  expect(() => torchCounterpart(name, [3])).toThrow(`no weight of PyTorch corresponds to ${name} [3]`);
});

/** The value that stands for a place: its indices as the digits of a number. */
const digits = (...indices: number[]): number => indices.reduce((number, index) => number * 10 + index, 0);

test("a convolution's kernel, each value by its indices", () => {
  const shape = [2, 3, 4, 5];
  const torch: number[] = [];
  for (let out = 0; out < 5; out++)
    for (let depth = 0; depth < 4; depth++)
      for (let row = 0; row < 2; row++)
        for (let column = 0; column < 3; column++) torch.push(digits(row, column, depth, out));
  const ours = fromTorch(torch, torchCounterpart('conv/kernel', shape), shape);
  const expected: number[] = [];
  for (let row = 0; row < 2; row++)
    for (let column = 0; column < 3; column++)
      for (let depth = 0; depth < 4; depth++)
        for (let out = 0; out < 5; out++) expected.push(digits(row, column, depth, out));
  expect([...ours]).toEqual(expected);
  expect([...toTorch(ours, torchCounterpart('conv/kernel', shape), shape)]).toEqual(torch);
});

test("a depthwise kernel's channels and multiples are one axis, channels first", () => {
  const shape = [1, 2, 3, 2]; // row, column, channel, multiple
  const torch: number[] = [];
  for (let channel = 0; channel < 3; channel++)
    for (let multiple = 0; multiple < 2; multiple++)
      for (let column = 0; column < 2; column++) torch.push(digits(column, channel, multiple));
  const ours = fromTorch(torch, torchCounterpart('conv/depthwise_kernel', shape), shape);
  expect([...ours]).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
});

test("a linear layer's kernel is transposed", () => {
  const counterpart = torchCounterpart('fc/kernel', [2, 3]);
  expect([...fromTorch([1, 2, 3, 4, 5, 6], counterpart, [2, 3])]).toEqual([1, 3, 5, 2, 4, 6]);
});
