import { cardinal } from './in-process';

const CONV = ['explain', 'conv', '--in', '8', '--out', '16', '--kernel', '3', '--groups', '2'];

test('writes the arithmetic out, and the saving: 592 for 1,168 parameters', async () => {
  const { code, out, err } = await cardinal(...CONV);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(
    /Grouped, 2 groups\n.*each of the 2 groups makes 8 of the 16 outputs from 4 of the 8 inputs\n/,
  );
  expect(out).toMatch(/^ {2}weights +=\s3 · 3 · 4 · 16 +576$/m);
  expect(out).toMatch(/^ {2}parameters += 576 \+ 16 +592$/m);
  expect(out).toMatch(/^ {2}MACs at 32x32 outputs += 32 · 32 · 3 · 3 · 4 · 16 +589,824$/m);
  const rows = out.trim().split('\n').slice(-3).map((row) => row.split(/ {2,}/)); // prettier-ignore
  expect(rows).toEqual([
    ['Standard', '1,168', '1,179,648'],
    ['Grouped, 2 groups', '592', '49 %', '589,824', '50 %'],
    ['Depthwise separable', '224', '81 %', '204,800', '83 %'],
  ]);
});

test('every calculation that is written comes out', async () => {
  const { out } = await cardinal(
    'explain',
    'conv',
    '--in',
    '48',
    '--out',
    '96',
    '--groups',
    '12',
    '--kernel',
    '5',
    '--size',
    '15',
    '--stride',
    '2',
  );
  const calculations = [...out.matchAll(/= ([\d, ·+]+?) {2,}([\d,]+)$/gm)];
  expect(calculations.length).toBeGreaterThan(15);
  for (const [, terms, result] of calculations) {
    const number = (text: string) => Number(text.replaceAll(',', ''));
    const value = terms.split(' + ').reduce(
      (sum, product) =>
        sum +
        product
          .split(' · ')
          .map(number)
          .reduce((a, b) => a * b, 1),
      0,
    );
    expect(value).toBe(number(result));
  }
});

test('--no-bias, --size and --stride count', async () => {
  const { out } = await cardinal(...CONV, '--no-bias', '--size', '31', '--stride', '2', '--json');
  const { forms, ...asked } = JSON.parse(out) as { forms: { parameters: number; macs: number }[] } & Record<
    string,
    unknown
  >;
  expect(asked).toMatchObject({
    inChannels: 8,
    outChannels: 16,
    groups: 2,
    size: 31,
    strides: 2,
    bias: false,
  });
  // 31 at stride 2 with padding 'same' is 16.
  expect(forms.map(({ parameters, macs }) => [parameters, macs])).toEqual([
    [1152, 16 * 16 * 1152],
    [576, 16 * 16 * 576],
    [72 + 128, 16 * 16 * (72 + 128)],
  ]);
});

test('--strategy says how it is computed', async () => {
  const { code, out } = await cardinal(...CONV, '--strategy', '--backend', 'cpu');
  expect(code).toBe(0);
  expect(out).toMatch(
    /How it is computed on cpu\n {2}forward: \w+.*, as .+\n {2}backpropInput: .+\n {2}backpropFilter: .+\n$/,
  );
  const { strategy, backend } = JSON.parse(
    (await cardinal(...CONV, '--strategy', '--backend', 'cpu', '--json')).out,
  ) as {
    strategy: object;
    backend: string;
  };
  expect([backend, Object.keys(strategy)]).toEqual(['cpu', ['forward', 'backpropInput', 'backpropFilter']]);
});

test.each([
  [['conv', '--in', '8'], '--out: expected a number of channels'],
  [['conv', '--in', '8', '--out', '16', '--groups', '3'], 'groups: expected a divisor of both'],
  [['con', '--in', '8', '--out', '16'], "(did you mean 'conv'?)"],
  [['conv', '--in', 'x', '--out', '16'], '--in: expected a whole number of at least 1'],
])('wrong usage ends with 2: %j', async (args, message) => {
  const { code, out, err } = await cardinal('explain', ...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
});
