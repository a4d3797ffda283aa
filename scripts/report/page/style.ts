// Colours of groups: after Okabe and Ito's palette for all kinds of colour vision, darkened for a white page and lightened
// for a dark one, so that each has a contrast of 3 to the page.
const LIGHT = `
  color-scheme: light;
  --page: #ffffff; --raised: #f6f7f8; --ink: #1c2024; --muted: #5a636e; --rule: #e2e5e9; --axis: #9aa2ac;
  --link: #0b5cad; --right: #2a7fb8; --wrong: #d9730d;
  --group-1: #0072b2; --group-2: #d55e00; --group-3: #00885f; --group-4: #a23b8f;
  --group-5: #8a6a00; --group-6: #6c7783; --group-7: #8c1d40; --group-8: #1c2024; --on-group: #ffffff;`;
const DARK = `
  color-scheme: dark;
  --page: #15181c; --raised: #1d2126; --ink: #e7eaee; --muted: #a5aeb9; --rule: #2d333a; --axis: #6b7480;
  --link: #7ab8f0; --right: #4aa5e0; --wrong: #f0913e;
  --group-1: #5ab4ee; --group-2: #ff9147; --group-3: #3ec9a0; --group-4: #e291d3;
  --group-5: #e3c22f; --group-6: #98a3af; --group-7: #ee7d9d; --group-8: #f4f6f8; --on-group: #15181c;`;

/** The style of the whole page. */
export const PAGE_STYLE = `
:root {${LIGHT}
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme='light']) {${DARK}
  }
}
:root[data-theme='dark'] {${DARK}
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  overflow-wrap: break-word;
}
header, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.25rem; }
.bar { display: flex; justify-content: space-between; align-items: center; gap: 1rem; color: var(--muted); font-size: .875rem; }
h1 { font-size: clamp(1.35rem, 1.1rem + 1.25vw, 1.95rem); line-height: 1.28; letter-spacing: -.015em; font-weight: 620; margin: 2.5rem 0 1rem; max-width: 34em; text-wrap: balance; }
h2 { font-size: 1.4rem; line-height: 1.3; letter-spacing: -.01em; font-weight: 620; margin: 0 0 .35rem; }
h3 { font-size: 1.15rem; line-height: 1.35; font-weight: 620; margin: 0 0 .35rem; display: flex; gap: .6rem; align-items: baseline; }
pre code { display: block; }
h4 { font-size: 1rem; font-weight: 620; margin: 1.75rem 0 .5rem; }
p { margin: 0 0 .75rem; max-width: 44rem; }
.lead { font-size: 1.15rem; }
.muted, .note { color: var(--muted); }
.note { font-size: .9rem; }
a { color: var(--link); text-underline-offset: .18em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem 1.25rem; margin: 1.5rem 0 0; padding: .8rem 0; border-block: 1px solid var(--rule); font-size: .925rem; }
section { margin-top: 3.5rem; }
article { border-top: 1px solid var(--rule); padding-top: 1.5rem; margin-top: 2rem; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
.theme { border: 1px solid var(--rule); border-radius: 999px; padding: .25rem .8rem; min-height: 2rem; color: var(--ink); }
.chip {
  display: inline-flex; align-items: center; justify-content: center; flex: none; min-width: 1.4em; height: 1.4em; padding: 0 .3em;
  border-radius: 999px; background: var(--colour); color: var(--on-group); font-size: .78rem; font-weight: 650; line-height: 1; font-variant-numeric: tabular-nums;
  print-color-adjust: exact; -webkit-print-color-adjust: exact;
}
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: .75rem 0 0; padding: 0; font-size: .925rem; }
.legend li { display: flex; gap: .45rem; align-items: center; }
.scroll { overflow-x: auto; margin: 1rem 0 .75rem; border-block: 1px solid var(--rule); }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .925rem; font-variant-numeric: tabular-nums; }
th, td { padding: .55rem .5rem; text-align: left; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { padding-left: .2rem; }
thead th { font-weight: 550; color: var(--muted); vertical-align: bottom; border-bottom: 1px solid var(--rule); }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tbody th { font-weight: 550; }
.number { text-align: right; }
.name { display: inline-flex; gap: .55rem; align-items: center; }
thead button { position: relative; font-weight: inherit; text-align: inherit; padding: .2rem 1.1em .2rem 0; }
.sortable { font-size: .875rem; }
.sortable thead th { white-space: normal; }
.sortable th:first-child { position: sticky; left: 0; background: var(--page); min-width: 11rem; white-space: normal; overflow-wrap: anywhere; }
thead button::after { content: '\\2195'; position: absolute; right: 0; bottom: .2rem; width: 1em; text-align: center; opacity: .45; }
.sortable .number { padding-inline: .3rem; }
.sortable td.number { padding-right: 1.4rem; }
th[aria-sort='ascending'] button::after { content: '\\2191'; opacity: 1; }
th[aria-sort='descending'] button::after { content: '\\2193'; opacity: 1; }
th[aria-sort='ascending'], th[aria-sort='descending'] { color: var(--ink); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2rem 2.5rem; margin-top: 1.25rem; align-items: start; }
.figures.narrow { grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .95rem; font-weight: 550; margin-bottom: .5rem; }
.plot { overflow-x: auto; }
.plot svg { display: block; width: 100%; height: auto; max-width: calc(var(--width) * 1.25); }
.plot.wide svg { min-width: var(--width); }
.examples { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(6.2rem, 1fr)); gap: 1rem; margin: .75rem 0 0; padding: 0; font-size: .85rem; line-height: 1.35; }
.examples img { display: block; width: 100%; max-width: 6.5rem; aspect-ratio: 1; object-fit: contain; background: var(--raised); image-rendering: pixelated; border-radius: 3px; margin-bottom: .4rem; }
.examples b { font-weight: 600; }
details { border-top: 1px solid var(--rule); }
details:last-of-type { border-bottom: 1px solid var(--rule); }
.details { margin-top: 1.75rem; }
summary { cursor: pointer; padding: .6rem 0; font-weight: 550; }
details .scroll { border: 0; margin: 0 0 1rem; }
details th, details td { padding-block: .3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; margin: 1rem 0; font-size: .95rem; }
dt { color: var(--muted); }
dd { margin: 0; min-width: 0; font-variant-numeric: tabular-nums; }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
pre { background: var(--raised); padding: .75rem .9rem; border-radius: 4px; overflow-x: auto; margin: .5rem 0 1rem; }
footer { margin-top: 4rem; padding-block: 1.25rem 2.5rem; color: var(--muted); font-size: .875rem; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  h1 { margin-top: 1.75rem; }
  section { margin-top: 2.75rem; }
  .sortable th:first-child { min-width: 8rem; padding-right: .4rem; }
  .sortable .name { gap: .35rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .examples { grid-template-columns: repeat(auto-fill, minmax(4.6rem, 1fr)); gap: .8rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  :root, :root[data-theme='dark'], :root:not([data-theme='light']) {${LIGHT}
  }
  body { font-size: 10pt; }
  nav, .theme { display: none; }
  header, main, footer { max-width: none; padding: 0; }
  .scroll, .plot, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  th, td { white-space: normal; padding: .25rem .35rem; }
  .sortable { font-size: 7pt; }
  .sortable th:first-child { position: static; min-width: 0; }
  .sortable .number, .sortable td.number { padding-inline: .15rem; }
  thead button { padding-right: 0; }
  .figures, .figures.narrow { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem; }
  figure, tr, .examples li { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  thead button::after { content: none; }
}
`;
