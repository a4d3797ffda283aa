import fc from 'fast-check';

import { parseSafetensors } from '../../src/safetensors/parse';
import { serialiseSafetensors } from '../../src/safetensors/serialise';
import { SafetensorsError } from '../../src/safetensors/tensor';

// Written by Python's safetensors 0.8.0 from torch tensors of eight types.
const FROM_PYTHON = Buffer.from(
  'EAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5Ijoic2FmZXRlbnNvcnMgZsO8ciBQeXRob24ifSwiaTY0Ijp7ImR0eXBlIjoiSTY0Iiwi' +
    'c2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRz' +
    'IjpbMTYsMTZdfSwiZjMyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsxNiw0MF19LCJzY2FsYXIiOnsiZHR5' +
    'cGUiOiJJMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzQwLDQ0XX0sImJmMTYiOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsyLDJdLCJk' +
    'YXRhX29mZnNldHMiOls0NCw1Ml19LCJmMTYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzZdLCJkYXRhX29mZnNldHMiOls1Miw2NF19LCJ1OCI6' +
    'eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNjQsNjZdfSwiYm9vbCI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNd' +
    'LCJkYXRhX29mZnNldHMiOls2Niw2OV19fSAgICAgICD//////////wAAAAAAAQAAAAAAAAAAgD4AAAA/AABAPwAAgD8AAKA/BwAAAIA/ScABAGJ/' +
    'AD4AwP8DAQD/ewB8Af8BAAE=',
  'base64',
);

/** A file with this header, as text or as bytes, and so many bytes of data. */
function file(header: string | Uint8Array, dataBytes = 0, claimed?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(shape: string, offsets: string, dtype = '"F32"'): string {
  return `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
}

test('a file that Python wrote reads to the values that Python had', () => {
  const { tensors, metadata } = parseSafetensors(FROM_PYTHON);
  const read = Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, [shape, [...data]]]));
  expect(read).toEqual({
    f16: [[6], [1.5, -2, 6.097555160522461e-5, 5.960464477539063e-8, 65504, Infinity]],
    bf16: [
      [2, 2],
      [1, -3.140625, 9.183549615799121e-41, 3.00405527047391e38],
    ].map((part, i) => (i === 0 ? part : part.map(Math.fround))),
    f32: [
      [2, 3],
      [0, 0.25, 0.5, 0.75, 1, 1.25],
    ],
    i64: [[2], [-1n, 2n ** 40n]],
    bool: [[3], [1, 0, 1]],
    scalar: [[], [7]],
    empty: [[0, 3], []],
    u8: [[2], [1, 255]],
  });
  expect([...metadata]).toEqual([['made by', 'safetensors für Python']]);
});

describe('a damaged file is refused with a sentence that says what is wrong', () => {
  const one = entry('[1]', '[0,4]');
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /an empty file/],
    ['a file of 7 bytes', new Uint8Array(7), /has 7 bytes/],
    ['a header longer than the file', file('{}', 0, 3n), /claims 3 bytes, but the file ends after 2/],
    ['a header of 2^63 bytes', file('{}', 0, 2n ** 63n), /at most 100000000/],
    ['a header that is cut', file(`{"a":${one}`, 4), /not valid JSON/],
    ['a header that is a list', file('[]'), /does not start with {/],
    ['an empty header', file(''), /does not start with {/],
    ['bytes that are no UTF-8', file(Uint8Array.of(0x7b, 0xff, 0x7d)), /UTF-8/],
    ['text after the header', file('{} x'), /goes on/],
    ['a trailing comma', file(`{"a":${one},}`, 4), /not valid JSON/],
    ['a raw line break in a name', file(`{"a\n":${one}}`, 4), /not valid JSON/],
    ['a name twice', file(`{"a":${one},"a":${one}}`, 4), /the key "a" twice/],
    ['a name twice, once escaped', file(`{"a":${one},"\\u0061":${one}}`, 4), /the key "a" twice/],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"F32"}}', 4), /the key "dtype" twice/],
    ['metadata that is a number', file('{"__metadata__":3}'), /__metadata__ is not an object/],
    ['metadata that holds one', file('{"__metadata__":{"a":3}}'), /__metadata__ has no text at "a"/],
    ['metadata that holds null', file('{"__metadata__":{"a":null}}'), /holds null/],
    ['an unknown type', file(`{"a":${entry('[1]', '[0,4]', '"F31"')}}`, 4), /dtype "F31"; known are BOOL/],
    ['a type that objects inherit', file(`{"a":${entry('[1]', '[0,4]', '"toString"')}}`, 4), /"toString"/],
    ['no type', file('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4), /dtype nothing/],
    ['an unknown field', file('{"a":{"extra":1}}', 4), /unknown field "extra"/],
    ['a negative extent', file(`{"a":${entry('[-1]', '[0,4]')}}`, 4), /holds -1/],
    ['a fractional extent', file(`{"a":${entry('[1.5]', '[0,4]')}}`, 4), /holds 1.5/],
    [
      'an extent beyond 2^53',
      file(`{"a":${entry('[9007199254740993]', '[0,4]')}}`, 4),
      /holds 9007199254740993/,
    ],
    [
      'a product beyond 2^53',
      file(`{"a":${entry('[4294967296,4294967296]', '[0,4]')}}`, 4),
      /can be counted/,
    ],
    ['a shape that is text', file(`{"a":${entry('"1"', '[0,4]')}}`, 4), /no shape/],
    ['three offsets', file(`{"a":${entry('[1]', '[0,4,8]')}}`, 4), /no data_offsets/],
    ['offsets the wrong way round', file(`{"a":${entry('[1]', '[4,0]')}}`, 4), /takes 4 bytes, but has -4/],
    ['a size that the shape denies', file(`{"a":${entry('[2]', '[0,4]')}}`, 4), /takes 8 bytes, but has 4/],
    ['a tensor beyond the end', file(`{"a":${one}}`, 3), /ends at byte 4 of the data, which has only 3/],
    ['an overlap', file(`{"a":${entry('[2]', '[0,8]')},"b":${entry('[1]', '[4,8]')}}`, 8), /"b" overlaps/],
    ['a hole', file(`{"a":${one},"b":${entry('[1]', '[8,12]')}}`, 12), /4 bytes before "b"/],
    ['a surplus', file(`{"a":${one}}`, 5), /last 1 bytes/],
    [
      'a tensor of 8 TB in a file of 4 bytes',
      file(`{"a":${entry('[2000000000000]', '[0,8000000000000]')}}`, 4),
      /only 4/,
    ],
    ['depth', file(`{"a":${'['.repeat(50_000)}`), /nested too deeply/],
  ])('%s', (_, bytes, sentence) => {
    expect(() => parseSafetensors(bytes)).toThrow(SafetensorsError);
    expect(() => parseSafetensors(bytes)).toThrow(sentence);
  });
});

test('a tensor may be called __proto__, or a number, and no prototype is touched', () => {
  const data = new Float32Array([3]);
  const tensors = new Map(
    ['__proto__', 'constructor', '2', '10', 'naïve "name"\n'].map((n) => [n, { shape: [1], data }]),
  );
  const read = parseSafetensors(serialiseSafetensors(tensors, new Map([['__proto__', 'x']])));
  expect(new Set(read.tensors.keys())).toEqual(new Set(tensors.keys()));
  expect(read.metadata.get('__proto__')).toBe('x');
  expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
});

const SOME_TENSOR = fc.oneof(
  fc.float32Array({ maxLength: 12 }),
  fc.float64Array({ maxLength: 5 }),
  fc.int8Array({ maxLength: 9 }),
  fc.uint16Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 9 }),
  fc.bigInt64Array({ maxLength: 4 }),
);
const SOME_FILE = fc.record({
  tensors: fc.dictionary(
    fc.string().filter((name) => name !== '__metadata__'),
    SOME_TENSOR,
    { maxKeys: 5 },
  ),
  metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
});

function bytesOf({ tensors, metadata }: { tensors: object; metadata: object }): Uint8Array {
  const named = Object.entries(tensors as Record<string, Float32Array>).map(
    ([name, data]) => [name, { shape: [data.length], data }] as const,
  );
  return serialiseSafetensors(new Map(named), new Map(Object.entries(metadata as Record<string, string>)));
}

test('what is written is read back, and in any order gives the same bytes', () => {
  fc.assert(
    fc.property(SOME_FILE, (content) => {
      const bytes = bytesOf(content);
      const read = parseSafetensors(bytes);
      const back = Object.fromEntries([...read.tensors].map(([name, { data }]) => [name, data]));
      expect(back).toEqual({ ...content.tensors });
      expect(Object.fromEntries(read.metadata)).toEqual({ ...content.metadata });
      const reversed = Object.fromEntries(Object.entries(content.tensors).reverse());
      expect(bytesOf({ ...content, tensors: reversed })).toEqual(bytes);
    }),
  );
});

test('whatever bytes are changed or cut, the answer is a file or a SafetensorsError', () => {
  fc.assert(
    fc.property(
      SOME_FILE,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(30),
      (content, edits, cut) => {
        const bytes = bytesOf(content);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          parseSafetensors(bytes.subarray(0, Math.max(0, bytes.length - cut)));
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a tensor that does not fit its shape, or a reserved name, is not written', () => {
  const data = new Float32Array(3);
  expect(() => serialiseSafetensors(new Map([['a', { shape: [2], data }]]))).toThrow(
    'a: expected 2 values for shape [2]',
  );
  expect(() => serialiseSafetensors(new Map([['__metadata__', { shape: [3], data }]]))).toThrow('reserved');
  expect(() => serialiseSafetensors(new Map([['a', { shape: [3], data, dtype: 'I32' as const }]]))).toThrow(
    'an array of I32 values',
  );
});
