// Draws the Vega-Lite specifications on stdin, a JSON array, as a JSON array of SVGs on stdout.
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
  const svgs = [];
  for (const plot of JSON.parse(await text(process.stdin))) {
    const { spec } = compile(plot, { logger });
    svgs.push(`${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`);
  }
  process.stdout.write(JSON.stringify(svgs));
} catch (error) {
  fail([error.message]);
}
