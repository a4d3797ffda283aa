import { PAGE_STYLE } from '../../../scripts/report/page/style';

/** Relative luminance, by WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const themes = [...PAGE_STYLE.matchAll(/color-scheme: (light|dark);([^}]*)/g)].map(
  ([, name, body]) =>
    [
      name,
      Object.fromEntries([...body.matchAll(/--([\w-]+): (#\w{6})/g)].map(([, key, value]) => [key, value])),
    ] as const,
);

test.each(themes.slice(0, 2))('the %s theme can be read, and its groups be seen', (_, colours) => {
  for (const text of ['ink', 'muted', 'link']) {
    expect([text, contrast(colours[text], colours.page) >= 4.5]).toEqual([text, true]);
  }
  const groups = Object.keys(colours).filter((name) => name.startsWith('group-'));
  expect(groups).toHaveLength(8);
  for (const group of groups) {
    expect([group, contrast(colours[group], colours.page) >= 3]).toEqual([group, true]);
    expect([group, contrast(colours[group], colours['on-group']) >= 3]).toEqual([group, true]);
  }
});
