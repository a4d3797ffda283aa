import type { Command, Option } from 'commander';

/** What the library calls otherwise than the flags do, by the name that commander gives a flag's value. */
const FLAGS_OF: Readonly<Record<string, string>> = {
  learningRate: 'lr',
  padCrop: 'crop',
  testTimeAugmentation: 'testViews',
  untilModule: 'freeze',
  source: 'data',
  kernelSize: 'kernel',
  strides: 'stride',
  inChannels: 'in',
  outChannels: 'out',
};

// Text that is quoted is a caller's: a name, a path, a value.
const QUOTED = /((?<!\w)'[^']*'(?!\w)|"[^"]*")/;

/** A part of a sentence that offers an option, such as `; strict: false loads the others`. */
const OFFER = /(;[^;]*?|)\b([a-z]\w*): (true|false)\b([^;]*)/g;

/**
 * The message of an error of the library, with the flags of a command in place of the options that they set.
 *
 * The option that a message begins with, options of two words anywhere (`padMode`), and offers such as `strict: false`
 * become the flag. An offer that the command has no flag for is left out.
 *
 * @example
 * inFlags('batchSize: expected at most 180, the training images. Received: 512.', command); // '--batch-size: expected …'
 */
export function inFlags(message: string, command: Command): string {
  const flag = (name: string, value = true): string | undefined => {
    const isOf = (option: Option): boolean => option.attributeName() === (FLAGS_OF[name] ?? name);
    const own = command.options.filter(isOf);
    return (own.find(({ negate }) => negate !== value) ?? own[0])?.long;
  };
  const parts = message.split(QUOTED).map((part, index) => {
    if (index % 2 === 1) return part;
    return part
      .replace(OFFER, (whole, before: string, name: string, value: string, after: string) => {
        const found = flag(name, value === 'true');
        if (found === undefined) return before === '' ? whole : '';
        return `${before === '' ? '' : '; '}${found}${after}`;
      })
      .replace(/\b[a-z]+[A-Z]\w*\b/g, (name) => flag(name) ?? name);
  });
  return parts.join('').replace(/^([a-z]\w*): expected /, (whole, name: string) => {
    const found = flag(name);
    return found === undefined ? whole : `${found}: expected `;
  });
}
