import { checkOptions } from '../src/check-options';
import { InvalidArgumentError } from '../src/errors';

const NAMES = { groups: true, strides: true, padding: true, kernelSize: true, learningRate: true } as const;
const check = (options: unknown) => () => checkOptions('fold', options, NAMES);
const all = 'groups, strides, padding, kernelSize, learningRate';

it.each([
  // [given, meant]: a part, another spelling, another library's name, a slip.
  ['pad', 'padding'],
  ['paddingMode', 'padding'],
  ['kernel', 'kernelSize'],
  ['kernel_size', 'kernelSize'],
  ['KernelSize', 'kernelSize'],
  ['stride', 'strides'],
  ['cardinality', 'groups'],
  ['group', 'groups'],
  ['lr', 'learningRate'],
  ['rate', 'learningRate'],
  ['lerningRate', 'learningRate'],
])('%s is refused, and %s is suggested', (given, meant) => {
  expect(check({ groups: 1, [given]: 2 })).toThrow(
    new InvalidArgumentError(
      `options of fold: expected one of ${all} (did you mean '${meant}'?). Received: '${given}'.`,
    ),
  );
});

it('suggests nothing where nothing is near, and lists what there is', () => {
  expect(check({ dataFormat: 'NHWC' })).toThrow(
    `options of fold: expected one of ${all}. Received: 'dataFormat'.`,
  );
});

it('takes what there is, and passes over what is undefined', () => {
  expect(check({})).not.toThrow();
  expect(check({ groups: 1, padding: undefined, pad: undefined })).not.toThrow();
  expect(check(Object.assign(Object.create(null) as object, { groups: 1 }))).not.toThrow();
});

it.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [3, '3'],
  ['same', "'same'"],
  [true, 'true'],
  [['groups'], '["groups"]'],
  [new Map([['groups', 1]]), 'Map of 1'],
  [new Float32Array(2), 'Float32Array of 2'],
  [() => 1, 'function (anonymous)'],
])('%p is no options', (options, shown) => {
  expect(check(options)).toThrow(`options of fold: expected an object with ${all}. Received: ${shown}.`);
});

it('says where await was forgotten', () => {
  expect(check(Promise.resolve({ groups: 1 }))).toThrow(
    `options of fold: expected an object with ${all}, which await makes of it. Received: a promise.`,
  );
});
