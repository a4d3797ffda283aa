import * as tf from '@tensorflow/tfjs';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '../../models';
import { runNode } from '../../scripts/plots/run-node';
import { alternativeForms, connectivityDiagram, modelDiagram, resnextBlockDiagram } from '../../src/diagrams';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(CHROMIUM);
const inChromium = found ? test : test.skip;

inChromium(
  `texts of diagrams, measured in Chromium${found ? '' : ` (there is no browser at ${CHROMIUM})`}`,
  async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
    const folder = mkdtempSync(join(tmpdir(), 'diagrams-browser-'));
    try {
      const files = Object.entries(await pictures()).map(([name, svg]) => {
        const file = join(folder, `${name}.svg`);
        writeFileSync(file, svg);
        return file;
      });
      // In a process of its own, since jest imports no ES module; it fails with what is not as it should be.
      const findings = await runNode([join(__dirname, 'diagram-page.mjs'), ...files], '');
      expect(findings.trim().split('\n')).toHaveLength(files.length + 2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function pictures(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const channels of [8, 16, 64, 128, 512]) {
    for (let groups = 1; groups <= channels; groups *= 2) {
      const forms = alternativeForms({
        inChannels: channels,
        outChannels: 2 * channels,
        groups,
        strides: 2,
        size: 224,
      });
      all[`${channels}-in-${groups}`] = connectivityDiagram(...forms);
    }
  }
  for (const name of ['resnext_toy', 'resnext50_32x4d', 'mobilenet_v2_cifar'] as const) {
    const model = createModel(name, { initialise: false });
    all[name] = await modelDiagram(model);
    all[`${name}-layers`] = await modelDiagram(model, 'layers');
    if (name.startsWith('resnext')) all[`${name}-block`] = resnextBlockDiagram(model, 'layer2.0');
    model.dispose();
  }
  return all;
}
