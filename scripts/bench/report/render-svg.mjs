// Draws the Vega-Lite specification on stdin as SVG on stdout.
import { text } from 'node:stream/consumers';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

// Warnings are mistakes in the specification: they must not go unseen.
const logger = {
  level: () => logger,
  error: (...words) => fail(words),
  warn: (...words) => fail(words),
  info: () => logger,
  debug: () => logger,
};

function fail(words) {
  process.stderr.write(`the plot could not be drawn: ${words.join(' ')}\n`);
  process.exit(1);
}

try {
  const { spec } = compile(JSON.parse(await text(process.stdin)), { logger });
  process.stdout.write(`${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`);
} catch (error) {
  fail([error.message]);
}
