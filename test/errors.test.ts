import { check, invalidArgument, nearest, unknownChoice } from '../src/errors';

describe('invalidArgument', () => {
  it('names the argument, the expectation and what came', () => {
    expect(invalidArgument('epochs', 'a whole number of at least 1', 'x').message).toBe(
      "epochs: expected a whole number of at least 1. Received: 'x'.",
    );
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [[1, null], '[1,null]'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
    [10n, '10'],
    [function double() {}, 'function double'],
  ])('shows %p as %s', (received, shown) => {
    expect(invalidArgument('x', 'y', received).message).toBe(`x: expected y. Received: ${shown}.`);
  });
});

describe('check', () => {
  it('throws only where the condition fails', () => {
    expect(() => check(true, 'x', 'y', 1)).not.toThrow();
    expect(() => check(false, 'x', 'y', 1)).toThrow('x: expected y. Received: 1.');
  });
});

describe('nearest', () => {
  const names = ['resnext29_8x64d', 'resnext29_32x4d', 'mobilenet_v2_cifar'];

  it.each([
    ['resnext29_8x64', 'resnext29_8x64d'],
    ['ResNeXt29_32x4d', 'resnext29_32x4d'],
    ['mobilenetv2_cifar', 'mobilenet_v2_cifar'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, names)).toBe(meant);
  });

  it('suggests nothing where nothing is near, or nothing is there', () => {
    expect(nearest('vgg', names)).toBeUndefined();
    expect(nearest('vgg', [])).toBeUndefined();
  });

  it('is part of the error for an unknown choice', () => {
    expect(unknownChoice('optimizer', 'sdg', ['sgd', 'adamw']).message).toBe(
      "optimizer: expected one of sgd, adamw (did you mean 'sgd'?). Received: 'sdg'.",
    );
  });
});
