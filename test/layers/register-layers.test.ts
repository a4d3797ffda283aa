import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', '..', 'src', 'layers');

test('every file that registers a class is named, so that a model with it loads in a fresh process', () => {
  const text = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
  const registering = readdirSync(FOLDER).filter((file) =>
    text(file).includes('serialization.registerClass('),
  );
  const named = [...text('register-layers.ts').matchAll(/import '\.\/(.+)';/g)].map(
    ([, file]) => `${file}.ts`,
  );
  expect(named).toEqual(registering.sort());
  expect(named.length).toBeGreaterThan(5);
});
