/**
 * The expression that a shell pattern stands for: `*`, `?` and `[abc]`, over the whole name and in any case. A pattern
 * without any of them stands for every name that contains it.
 *
 * @example
 * globToRegExp('*_toy').test('resnet_toy'); // true
 */
export function globToRegExp(pattern: string): RegExp {
  const glob = /[*?[]/.test(pattern) ? pattern : `*${pattern}*`;
  const source = glob.replace(
    /\[(!?)([^\]]+)\]|[*?]|[^*?]/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\^]/g, '\\$&')}]`;
      if (part === '*') return '.*';
      if (part === '?') return '.';
      return part.replace(/[.+^${}()|[\]\\]/, '\\$&');
    },
  );
  return new RegExp(`^${source}$`, 'i');
}
