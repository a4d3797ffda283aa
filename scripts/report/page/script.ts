/**
 * What the page does by itself: sorts tables, switches between light and dark, and opens what is folded for print. Everything
 * is there to be read without it.
 */
export const PAGE_SCRIPT = `'use strict';
for (const table of document.querySelectorAll('table.sortable')) {
  const [body] = table.tBodies;
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.querySelector('button').addEventListener('click', () => {
      const isNumber = head.classList.contains('number');
      const before = head.getAttribute('aria-sort');
      const order = before === null ? (isNumber ? 'descending' : 'ascending') : before === 'ascending' ? 'descending' : 'ascending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', order);
      const value = (row) => row.cells[column].dataset.value;
      const compare = (a, b) =>
        isNumber ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b), 'en', { numeric: true });
      const sign = order === 'ascending' ? 1 : -1;
      body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
    });
  });
}

const KEY = 'cardinal-report-theme';
const root = document.documentElement;
const button = document.querySelector('.theme');
const dark = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (root.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
const show = () => {
  button.textContent = isDark() ? 'Light' : 'Dark';
  button.setAttribute('aria-label', isDark() ? 'Switch to the light theme' : 'Switch to the dark theme');
};
// A browser that keeps nothing for files still switches.
const kept = (work) => {
  try {
    return work();
  } catch {
    return null;
  }
};
const before = kept(() => localStorage.getItem(KEY));
if (before === 'light' || before === 'dark') root.dataset.theme = before;
button.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  kept(() => localStorage.setItem(KEY, root.dataset.theme));
  show();
});
dark.addEventListener('change', show);
button.hidden = false;
show();

let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open])')];
  for (const each of opened) each.open = true;
});
addEventListener('afterprint', () => {
  for (const each of opened) each.open = false;
});
`;
