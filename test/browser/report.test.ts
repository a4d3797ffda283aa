import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runNode } from '../../scripts/plots/run-node';
import { makeReport } from './make-report';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(CHROMIUM);
const inChromium = found ? test : test.skip;

inChromium(
  `a report in Chromium${found ? '' : ` (there is no browser at ${CHROMIUM})`}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cardinal-report-browser-'));
    try {
      const file = await makeReport(folder);
      // In a process of its own, since jest imports no ES module; it fails with what is not as it should be.
      const findings = await runNode([join(__dirname, 'report-page.mjs'), file], '');
      expect(findings.trim().split('\n').length).toBeGreaterThan(8);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  180_000,
);
