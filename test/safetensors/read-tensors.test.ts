import { parseHeader, PREFIX_BYTES } from '../../src/safetensors/header';
import { parseSafetensors } from '../../src/safetensors/parse';
import { readTensors } from '../../src/safetensors/read-tensors';
import { serialiseSafetensors } from '../../src/safetensors/serialise';

function made(sizes: readonly number[]) {
  const tensors = sizes.map((size, i) => {
    const data = Float32Array.from({ length: size }, (_, at) => i + at / 8);
    return [`t${i}`, { shape: [size], data }] as const;
  });
  const bytes = serialiseSafetensors(new Map(tensors));
  const start = PREFIX_BYTES + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { entries } = parseHeader(bytes.subarray(PREFIX_BYTES, start), bytes.length - start);
  const read: number[] = [];
  const reading = readTensors(entries, (begin, end) => {
    read.push(end - begin);
    return Promise.resolve(bytes.slice(start + begin, start + end));
  });
  return { bytes, read, reading };
}

test('many small tensors are read in few pieces, each once', async () => {
  const { bytes, read, reading } = made(new Array<number>(100_000).fill(1));
  expect((await reading).size).toBe(100_000);
  expect(read.length).toBeLessThan(3);
  expect(read.reduce((sum, count) => sum + count, 0)).toBe(400_000);
  expect(await reading).toEqual(parseSafetensors(bytes).tensors);
});

test('large ones one at a time, none of none, each in memory of its own', async () => {
  const { bytes, read, reading } = made([3, 100_000, 0, 5, 100_000, 0]);
  const tensors = await reading;
  expect([...tensors]).toEqual([...parseSafetensors(bytes).tensors]);
  expect(Math.max(...read)).toBeLessThan(500_000);
  for (const { data } of tensors.values()) expect(data.buffer.byteLength).toBe(data.byteLength);
  expect(await made([]).reading).toEqual(new Map());
});
