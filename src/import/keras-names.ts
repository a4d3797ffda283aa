/**
 * Names for layers that tfjs takes, by the names that Keras gave: letters, digits and `_ . -`, a letter or a digit first. All
 * others stay as they are, and no two become one.
 *
 * @example
 * layerNames(['conv 1', 'fc']).get('conv 1'); // 'conv_1'
 */
export function layerNames(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(names);
  const result = new Map<string, string>();
  for (const name of names) {
    const clean = name.replace(/[^\w.-]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'unnamed';
    const own = clean === name ? name : freeName(clean, taken);
    taken.add(own);
    result.set(name, own);
  }
  return result;
}

/** The name, or with the first number after it that makes it another than those taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let count = 1; taken.has(free); count++) free = `${name}_${count}`;
  return free;
}
