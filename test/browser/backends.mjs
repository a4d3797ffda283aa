import { build } from 'esbuild';

/** What a page is asked for at a time, so that it answers within a while. */
const RUN = 20;

/**
 * The library in a page, on each backend: the conformance suite's geometries and random ones by every strategy, a model of the
 * zoo against the cpu, and training by stock tfjs.
 *
 * @param browser of playwright
 * @param {string[]} backends
 * @param {(backend: string) => number} geometries random ones of a backend
 * @param {(finding: {what: string, passed: boolean}) => void} tell is told each finding as it comes
 */
export async function checkBackends(browser, backends, geometries, tell) {
  const { outputFiles } = await build({
    entryPoints: ['test/browser/page.ts'],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'error',
  });
  for (const backend of backends) {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    // WebGPU is for pages of a secure origin alone.
    await page.route('http://localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>tfjs-cardinal</title>' }),
    );
    await page.goto('http://localhost/');
    await page.addScriptTag({ content: outputFiles[0].text });
    const ask = async (what, name, args, judge) => {
      try {
        const { passed, says } = judge(
          await page.evaluate(([call, given]) => globalThis[call](...given), [name, args]),
        );
        tell({ what: `${backend} ${what}: ${says}`, passed });
      } catch (error) {
        tell({ what: `${backend} ${what}: ${error.message.split('\n')[0]}`, passed: false });
      }
    };
    const allRight = ({ passes, faults }) => ({
      passed: passes > 0 && faults.length === 0,
      says: [`${passes} passes, ${faults.length} wrong`, ...faults.slice(0, 5)].join('\n     '),
    });
    await ask('conformance suite', 'checkConformance', [backend], allRight);
    const count = geometries(backend);
    for (let from = 0; from < count; from += RUN) {
      const to = Math.min(count, from + RUN);
      await ask(`random geometries ${from} to ${to}`, 'checkGeometries', [backend, from, to], allRight);
    }
    if (backend !== 'cpu') {
      await ask('resnext_toy', 'predictionError', [backend, 'resnext_toy'], (error) => ({
        passed: error <= 1e-4,
        says: `relative difference ${error.toExponential(1)} from cpu`,
      }));
    }
    await ask('model.fit', 'learn', [backend], (losses) => ({
      passed: losses.at(-1) < losses[0],
      says: `loss ${losses[0].toFixed(3)} to ${losses.at(-1).toFixed(3)}`,
    }));
    tell({ what: [`${backend} page`, ...complaints].join(': '), passed: complaints.length === 0 });
    await page.close();
  }
}
