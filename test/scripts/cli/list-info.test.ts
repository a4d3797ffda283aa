import { listModels, modelInfo } from '../../../models';
import { cardinal } from './in-process';

describe('cardinal list', () => {
  test('--json prints an array of names, of those that match', async () => {
    const all = await cardinal('list', '--json');
    expect([all.code, all.err, JSON.parse(all.out)]).toEqual([0, '', listModels()]);
    const toys = await cardinal('list', 'res*t_toy', '--json');
    expect(JSON.parse(toys.out)).toEqual(['resnet_toy', 'resnext_toy']);
    expect(JSON.parse((await cardinal('list', 'nothing', '--json')).out)).toEqual([]);
  });

  test('prints a row a model: parameters, multiply-accumulates, twin', async () => {
    const { code, out } = await cardinal('list', 'resnext29_8x64d');
    expect(code).toBe(0);
    const rows = out.trim().split('\n');
    expect(rows).toHaveLength(2);
    expect(rows[1].trim().split(/\s+/)).toEqual([
      'resnext29_8x64d',
      '34,426,698',
      '5,387,266,048',
      '32x32x3',
      'paper',
      'resnet29_8x64d',
    ]);
  });

  test('fits a terminal of 100 columns', async () => {
    const { out } = await cardinal('list');
    const widest = Math.max(...out.split('\n').map((line) => line.length));
    expect(widest).toBeGreaterThan(60);
    expect(widest).toBeLessThanOrEqual(100);
  });

  test('says so on stderr where nothing matches', async () => {
    const { code, out, err } = await cardinal('list', 'resnet_toys');
    expect([code, out, err]).toEqual([
      0,
      '',
      "no model matches 'resnet_toys' (did you mean 'resnet_toy'?)\n",
    ]);
  });
});

describe('cardinal info', () => {
  test('--json prints name, input, parameters, multiply-accumulates and layers', async () => {
    const { code, out } = await cardinal('info', 'resnext29_8x4d', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out) as Record<string, unknown> & { layers: Record<string, unknown>[] };
    const { params, macs, activations } = modelInfo('resnext29_8x4d');
    expect(report).toMatchObject({
      name: 'resnext29_8x4d',
      inputShape: [32, 32, 3],
      params,
      macs,
      activations,
      source: 'paper',
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
      crop: { resize: 32, size: 32 },
      interpolation: 'bilinear',
    });
    expect(report.paper).toContain('arXiv:1611.05431');
    expect(report.layers.find((layer) => layer.name === 'layer1.0.conv2')).toEqual({
      name: 'layer1.0.conv2',
      className: 'GroupedConv2D',
      outputShape: [32, 32, 32],
      params: { trainable: 1152, nonTrainable: 0, total: 1152 },
      macs: 32 * 32 * 1152,
      activations: 32 * 32 * 32,
    });
  });

  test('prints a table and the totals; options change the model', async () => {
    const { code, out } = await cardinal(
      'info',
      'resnet_toy',
      '--num-classes',
      '100',
      '--input-shape',
      '64x64x1',
    );
    expect(code).toBe(0);
    expect(out).toContain('resnet_toy for images of 64x64x1');
    expect(out).toMatch(/^fc +Dense +100 +25,700 +25,600 +100 *$/m);
    expect(out).toMatch(/^parameters .* trainable \+ .* batch-norm statistics = /m);
    expect(out).toContain('mean 0.4914 0.4822 0.4465, std 0.247 0.2435 0.2616\n');
    expect(out).toMatch(/^source +ResNeXt for CIFAR, and its dense twins, built by the paper$/m);
  });

  test.each([
    [['info', 'resnext29_8x64'], "(did you mean 'resnext29_8x64d'?). Received: 'resnext29_8x64'."],
    [
      ['info', 'resnet_toy', '--num-classes', 'x'],
      "error: --num-classes: expected a whole number of at least 1. Received: 'x'.",
    ],
    [
      ['info', 'resnet_toy', '--input-shape', '32x32'],
      "error: --input-shape: expected sizes such as '64x64x3'. Received: '32x32'.",
    ],
    [['info'], "missing required argument 'model'"],
  ])('%j is wrong usage: one line, exit code 2', async (args, message) => {
    const { code, out, err } = await cardinal(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });
});
