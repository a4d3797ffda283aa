// Opens a report in Chromium and uses it as a person does: `node test/browser/report-page.mjs FILE.html` prints a line
// for each finding, and exits 1 if one is bad.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

/** How Chromium is started, without any request of its own. */
export const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
};

/**
 * @param browser of playwright
 * @param file of the report
 * @returns {Promise<{what: string, passed: boolean}[]>} what was looked at, and whether it is as it should be
 */
export async function checkReportPage(browser, file) {
  const findings = [];
  const expect = (what, passed) => findings.push({ what, passed });
  const url = pathToFileURL(resolve(file)).href;
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
  try {
    const page = await context.newPage();
    const complaints = [];
    const requests = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);

    await checkSorting(page, expect);
    await checkTheme(page, expect);

    const plots = await page.$$eval('.plot', (all) =>
      all.map((plot) => ({
        label: plot.getAttribute('aria-label'),
        role: plot.getAttribute('role'),
        texts: plot.querySelectorAll('text').length,
        height: plot.getBoundingClientRect().height,
      })),
    );
    expect(
      'every plot is drawn, and told in words',
      plots.length > 0 &&
        plots.every(({ label, role, texts, height }) => label && role === 'img' && texts > 0 && height > 50),
    );
    const images = await page.$$eval('img', (all) =>
      all.map((image) => image.complete && image.naturalWidth > 0),
    );
    expect('every example image is shown', images.length > 0 && images.every(Boolean));

    await page.setViewportSize({ width: 360, height: 740 });
    const width = await page.evaluate(() => globalThis.document.documentElement.scrollWidth);
    expect(`a telephone does not scroll sideways (${width} of 360 pixels)`, width <= 360);

    const foreign = requests.filter((request) => request !== url && !request.startsWith('data:'));
    expect(`nothing is requested${foreign.map((request) => `: ${request}`).join('')}`, foreign.length === 0);
    expect(`the console is clean${complaints.map((text) => `: ${text}`).join('')}`, complaints.length === 0);
  } finally {
    await context.close();
  }
  return findings;
}

async function checkSorting(page, expect) {
  const column = await page.$$eval('table.sortable thead th', (heads) =>
    heads.findIndex((head) => head.textContent.includes('test accuracy')),
  );
  const state = () =>
    page.$eval(
      'table.sortable',
      (table, index) => ({
        order: table.tHead.rows[0].cells[index].getAttribute('aria-sort'),
        sorted: table.querySelectorAll('[aria-sort]').length,
        values: [...table.tBodies[0].rows].map((row) => Number(row.cells[index].dataset.value)),
      }),
      column,
    );
  const isOrdered = (values, sign) =>
    values.every((value, i) => i === 0 || sign * (value - values[i - 1]) >= 0);
  const button = page.locator('table.sortable thead th').nth(column).locator('button');
  await button.click();
  const clicked = await state();
  expect(
    'a click sorts by accuracy, the best first',
    clicked.order === 'descending' && clicked.sorted === 1 && isOrdered(clicked.values, -1),
  );
  await button.focus();
  await page.keyboard.press('Enter');
  const pressed = await state();
  expect(
    'the keyboard turns the order round',
    pressed.order === 'ascending' && pressed.sorted === 1 && isOrdered(pressed.values, 1),
  );
}

async function checkTheme(page, expect) {
  const state = () =>
    page.evaluate(() => {
      const style = globalThis.getComputedStyle(globalThis.document.body);
      const mark = globalThis.document.querySelector('.plot path[fill^="var("], .plot path[stroke^="var("]');
      const { fill, stroke } = globalThis.getComputedStyle(mark);
      return { background: style.backgroundColor, ink: style.color, mark: `${fill} ${stroke}` };
    });
  const light = await state();
  const toggle = page.locator('button.theme');
  const stored = await storedElsewhere(page);
  await toggle.click();
  const dark = await state();
  expect(
    'the button makes page, text and plots dark',
    ['background', 'ink', 'mark'].every((part) => light[part] !== dark[part]),
  );
  await stored();
  await page.reload();
  expect('which is kept', (await state()).background === dark.background);
  await toggle.click();
  expect('and light again', (await state()).background === light.background);
  await page.evaluate(() => globalThis.localStorage.clear());
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.reload();
  expect('a dark system gets a dark page', (await state()).background === dark.background);
}

/**
 * A function that waits until what the page stores next is known beyond its own process: a reload may come with another one,
 * which is told of it a moment later. A second page of the same file hears of it.
 */
async function storedElsewhere(page) {
  const witness = await page.context().newPage();
  await witness.goto(page.url());
  await witness.evaluate(() => {
    globalThis.heard = new Promise((resolve) => {
      globalThis.addEventListener('storage', () => resolve(), { once: true });
    });
  });
  return async () => {
    await witness.evaluate(() => globalThis.heard);
    await witness.close();
    await page.bringToFront();
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const browser = await chromium.launch(LAUNCH);
  try {
    const findings = await checkReportPage(browser, process.argv[2]);
    for (const { what, passed } of findings) {
      if (passed) console.log(`ok   ${what}`);
      else console.error(`FAIL ${what}`);
    }
    process.exitCode = findings.every(({ passed }) => passed) ? 0 : 1;
  } finally {
    await browser.close();
  }
}
