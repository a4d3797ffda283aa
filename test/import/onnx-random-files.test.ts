import { useBackend } from '../../src/backends/use-backend-node';
import { OPERATORS } from '../../src/import/onnx';
import { EVALUATORS } from '../../src/import/onnx-constants';
import { TESTED_BACKENDS } from '../support/backends';
import { drawFile, drawsOf, type DrawnFile } from '../support/random-onnx/file';
import { describeFile, runFile, type Outcome } from '../support/random-onnx/run-file';

/** `RANDOM_ONNX_FILES=3000 RANDOM_ONNX_SEED=7` looks further than every day. */
const COUNT = Number(process.env.RANDOM_ONNX_FILES ?? 300);
const SEED = Number(process.env.RANDOM_ONNX_SEED ?? 1);

const { draws, subjects } = drawsOf(OPERATORS, EVALUATORS);

interface Found {
  readonly number: number;
  readonly file: DrawnFile;
  readonly outcome: Outcome;
}

beforeAll(async () => {
  await useBackend(TESTED_BACKENDS[0]);
});

test('every operator that the importer takes is drawn', () => {
  const missing = draws.filter(([, draw]) => draw === undefined).map(([subject]) => subject);
  expect(missing).toEqual([]);
});

test(`${COUNT} drawn files are right, or refused with the name of a node`, async () => {
  const found: Found[] = [];
  for (let number = 0; number < COUNT; number++) found.push(await fileOf(number));
  const faults = found.filter(({ outcome }) => outcome.kind !== 'right' && outcome.kind !== 'refused');
  expect(faults.map(describeFound)).toEqual([]);
  // An importer that refuses all is right nowhere.
  const right = found.filter(({ outcome }) => outcome.kind === 'right').length;
  expect(right / found.length).toBeGreaterThan(0.7);
}, 900_000);

/** The file of a number: subjects take turns, and each is drawn until something comes of it that ONNX Runtime runs. */
async function fileOf(number: number): Promise<Found> {
  const [subject, draw] = draws[number % draws.length];
  for (let attempt = 0; attempt < 200; attempt++) {
    const file = draw && drawFile(subject, draw, subjects, SEED, number, attempt);
    if (file === undefined) continue;
    const outcome = await runFile(file, number);
    if (outcome.kind !== 'invalid') return { number, file, outcome };
  }
  throw new Error(`no file of ${subject} came to be`);
}

function describeFound({ number, file, outcome }: Found): string {
  return `file ${number}, ${file.subject}: ${outcome.kind}: ${outcome.detail}\n${describeFile(file)}`;
}
