// Opens diagrams in Chromium and measures their texts by its own fonts: `node test/browser/diagram-page.mjs FILE.svg…` prints
// a line for each picture, and exits 1 if one is bad.
/* global document, getComputedStyle */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { LAUNCH } from './report-page.mjs';

/**
 * @param browser of playwright
 * @param {string[]} files of SVG
 * @returns {Promise<{what: string, passed: boolean}[]>} what was looked at, and whether it is as it should be
 */
export async function checkDiagrams(browser, files) {
  const findings = [];
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  const grounds = new Map();
  for (const file of files) {
    await page.setContent(`<!doctype html><title>diagram</title>${readFileSync(file, 'utf8')}`);
    const { texts, faults } = await page.evaluate(measure);
    findings.push({
      what: `${basename(file)}: ${[`${texts} texts`, ...faults].join('; ')}`,
      passed: texts > 0 && faults.length === 0,
    });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const colors = await page.evaluate(() => {
        const fill = (selector) => getComputedStyle(document.querySelector(selector)).fill;
        return `${fill('.background')} under ${fill('text')}`;
      });
      grounds.set(colorScheme, (grounds.get(colorScheme) ?? new Set()).add(colors));
    }
  }
  await page.close();
  const [light, dark] = ['light', 'dark'].map((scheme) => [...(grounds.get(scheme) ?? [])].join());
  findings.push({ what: `light ${light}; dark ${dark}`, passed: light !== dark });
  findings.push({
    what: ['the console is clean', ...complaints].join(': '),
    passed: complaints.length === 0,
  });
  return findings;
}

/** Runs in the page: texts that leave what they stand in, and texts that meet another, as they are drawn. */
function measure() {
  const svg = document.querySelector('svg');
  const picture = { x: 0, y: 0, width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
  const texts = [...svg.querySelectorAll('text')].map((element) => {
    const { x, y, width, height } = element.getBBox();
    // The box of a text has room for accents and descenders; a line of another may come into that.
    const own = { x, y: y + 0.15 * height, width, height: 0.7 * height, text: element.textContent };
    const first = element.parentNode.firstElementChild;
    const within = first.matches('rect, path') ? first.getBBox() : picture;
    return { own, within };
  });
  const isWithin = (a, b) =>
    a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height;
  const meets = (a, b) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  const leaving = texts
    .filter(({ own, within }) => !isWithin(own, within))
    .map(({ own }) => `'${own.text}' leaves its box`);
  const meeting = texts.flatMap(({ own }, index) =>
    texts
      .slice(index + 1)
      .filter((other) => meets(own, other.own))
      .map((other) => `'${own.text}' meets '${other.own.text}'`),
  );
  return { texts: texts.length, faults: [...leaving, ...meeting] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = await chromium.launch(LAUNCH);
  try {
    const findings = await checkDiagrams(browser, process.argv.slice(2));
    for (const { what, passed } of findings) console.log(`${passed ? 'ok  ' : 'FAIL'} ${what}`);
    if (findings.some(({ passed }) => !passed)) {
      console.error(findings.filter(({ passed }) => !passed).map(({ what }) => what).join('\n')); // prettier-ignore
      process.exitCode = 1;
    }
  } finally {
    await browser.close();
  }
}
