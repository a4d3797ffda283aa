import { resultSchema } from '../../../scripts/bench/results';
import { figuresOf } from '../../../scripts/bench/report/figures';
import { markdownOf } from '../../../scripts/bench/report/markdown';
import { plotsOf } from '../../../scripts/bench/report/plots';
import { renderSvg } from '../../../scripts/plots/render-svg';
import { madeResult, TRAINING_ITEM } from './made-result';

const result = madeResult('training', [TRAINING_ITEM]);

describe('a result', () => {
  it('survives JSON in the form that it is kept in', () => {
    expect(resultSchema.parse(JSON.parse(JSON.stringify(result)))).toEqual(result);
  });

  it('lists ours once, and gives each other the ratio of its own turns', () => {
    const [{ entries }] = result.items;
    expect(entries.map(({ contestant }) => contestant)).toEqual(['cardinal', 'stock', 'pytorch']);
    expect(entries[0].oursIsFaster).toBeNull();
    expect(entries[1].oursIsFaster?.median).toBe(4); // 40 over 10; the medians alone would say 2
    expect(entries[2].oursIsFaster).toMatchObject({ median: 1, min: 0.5, max: 2 });
    expect(entries[1].rounds).toEqual([40, null, null]);
  });

  it('works out speed, arithmetic and memory', () => {
    const [{ entries }] = result.items;
    expect(entries[0]).toMatchObject({
      imagesPerSecond: 3200,
      gflops: 50,
      shareOfMatmul: 0.5,
      peakResidentBytes: 2e9,
    });
  });
});

describe('the figures', () => {
  it('tell what was wanted, what was measured and whether it was met', () => {
    const figures = new Map(figuresOf(result).map(({ what, met, measured }) => [what, { met, measured }]));
    expect(figures.get('images/s against stock tfjs-node')?.met).toBe(true);
    expect(figures.get('images/s against PyTorch')).toEqual({
      met: true,
      measured: '1.00 times in the median, 1.00 at least',
    });
    expect(figures.get('peak resident memory against PyTorch')).toEqual({
      met: false,
      measured: '2.00 times at most',
    });
    expect(figures.has('images/s against Keras, ResNeXts')).toBe(false);
  });
});

describe('the page of a result', () => {
  const page = markdownOf(result, ['training.svg']);

  it('says on what and of which state it was measured', () => {
    expect(page).toContain('- A | B (avx2), 2 cores of which 2 used, 16 GiB, linux-x64');
    expect(page).toContain('- tfjs-cardinal 1.2.3, commit 0123456789ab with changes, 2026-01-02');
    expect(page).toContain('others kept 50 % of the processors busy');
    expect(page).toContain('matrix product: 100 GFLOP/s');
    expect(page).toContain('![A made result](training.svg)');
  });

  it('has a row for each contestant', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toContain(
      '| resnext_toy | tfjs-cardinal | 20.0 | 15.0 to 25.0 | 3200 |  | 50.0 | 50 % | 2000 |',
    );
    expect(rows).toContain('|  | PyTorch | 8.00 | 6.00 to 12.0 | 8000 | 1.00 | 125 | 125 % | 1000 |');
  });
});

describe('the plots', () => {
  it('draw bars for a case without points', async () => {
    const plots = plotsOf(result, undefined);
    expect([...plots.keys()]).toEqual(['training.svg']);
    const svg = await renderSvg([...plots.values()][0]);
    expect(svg).toMatch(/^<svg/);
    for (const text of ['A made result', 'resnext_toy', 'PyTorch', 'images/s']) expect(svg).toContain(text);
  });

  it('draw one chart of lines for each set of points', async () => {
    const charts = { batch: { title: 'By batch', xTitle: 'images' } };
    const at = (x: number) => ({ ...TRAINING_ITEM, title: `batch ${x}`, point: { chart: 'batch', x } });
    const scaling = madeResult('scaling', [at(16), at(32), at(64)], charts);
    const plots = plotsOf(scaling, charts);
    expect([...plots.keys()]).toEqual(['scaling-batch.svg']);
    const svg = await renderSvg([...plots.values()][0]);
    for (const text of ['By batch', 'stock tfjs-node', 'milliseconds', '>16<', '>64<'])
      expect(svg).toContain(text);
  });

  it('say what is wrong with a specification', async () => {
    await expect(
      renderSvg({ mark: 'bar', data: { values: [] }, encoding: { x: { field: 'a', type: 'nonsense' } } }),
    ).rejects.toThrow(/^the plot could not be drawn: Invalid field type/);
  });
});
