import { inflateSync } from 'fflate';

import { CardinalError, nearest } from '../errors';

/** One file in a zip, as the list at its end has it. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of the file itself. */
  readonly size: number;
  /** Its bytes, which are made only now. */
  read(): Uint8Array;
}

const END = 0x06054b50;
const END_BYTES = 22;
const LISTED = 0x02014b50;
const LISTED_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** Of an entry that has a size or a place above 4 GiB, which then stands in a field of its own. */
const IN_EXTRA = 0xffffffff;
const MOST_COMMENT = 0xffff;
const [STORED, DEFLATED] = [0, 8];
// Deflate makes at most so many bytes of one.
const DEFLATE_RATIO = 1032;
const ENCRYPTED = 1;

/**
 * The files of a zip by their names. Names are held to be such that a file would be written in the folder where the zip is
 * unpacked, each once; sizes, to what deflate can make of the bytes that are there, before anything is allocated; and content,
 * as it is read, to its CRC-32.
 *
 * @throws CardinalError saying what is wrong with the zip, and of which entry
 */
export function zipEntries(bytes: Uint8Array): ReadonlyMap<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endOf(view);
  const count = view.getUint16(end + 10, true);
  const entries = new Map<string, ZipEntry>();
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + LISTED_BYTES > end || view.getUint32(at, true) !== LISTED) {
      throw new CardinalError(`its list of files ends after ${i} of ${count}`);
    }
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + LISTED_BYTES + name + extra + comment;
    if (next > end) throw new CardinalError(`its list of files ends after ${i} of ${count}`);
    const entry = entryAt(bytes, view, at);
    checkName(entry.name);
    if (entries.has(entry.name)) throw new CardinalError(`it has ${entry.name} twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

/** The entry of a name, or the error that says what is there instead. */
export function zipEntry(entries: ReadonlyMap<string, ZipEntry>, name: string): ZipEntry {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  const near = nearest(name, [...entries.keys()]);
  throw new CardinalError(`it has no ${name}${near === undefined ? '' : `, but ${near}`}`);
}

/** Where the record at the end begins, behind which there may be a comment. */
function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - MOST_COMMENT);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    const isEnd = view.getUint32(at, true) === END;
    if (isEnd && at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  throw new CardinalError('it has no list of files at its end');
}

function entryAt(bytes: Uint8Array, view: DataView, at: number): ZipEntry {
  const [flags, method, nameBytes, extraBytes] = [8, 10, 28, 30].map((field) =>
    view.getUint16(at + field, true),
  );
  const [crc, packed32, size32, place32] = [16, 20, 24, 42].map((field) => view.getUint32(at + field, true));
  const nameAt = at + LISTED_BYTES;
  const name = textAt(bytes, nameAt, nameBytes);
  const inExtra = largeNumbers(view, nameAt + nameBytes, extraBytes);
  const [size, packed, place] = [size32, packed32, place32].map((value) =>
    value === IN_EXTRA ? (inExtra.shift() ?? NaN) : value,
  );
  const read = (): Uint8Array => {
    const refuse = (why: string): never => {
      throw new CardinalError(`${name} is damaged: ${why}`);
    };
    if ((flags & ENCRYPTED) !== 0) refuse('it is encrypted');
    const hasLocal = place + LOCAL_BYTES <= bytes.length && view.getUint32(place, true) === LOCAL;
    if (!hasLocal) refuse('it is not where the list of files has it');
    const [localName, localExtra] = [26, 28].map((field) => view.getUint16(place + field, true));
    if (textAt(bytes, place + LOCAL_BYTES, localName) !== name) refuse('another name stands before it');
    const begin = place + LOCAL_BYTES + localName + localExtra;
    if (!(begin + packed <= bytes.length)) refuse(`expected ${packed} bytes of it in the zip`);
    const most = method === STORED ? packed : packed * DEFLATE_RATIO;
    if (!(size <= most)) refuse(`it cannot have ${size} bytes, which are ${packed} in the zip`);
    const content = unpacked(method, bytes.subarray(begin, begin + packed), size, refuse);
    if (content.length !== size) refuse(`expected ${size} bytes. Received: ${content.length}`);
    const received = crc32(content);
    if (received !== crc) refuse(`expected CRC-32 ${hex(crc)}. Received: ${hex(received)}`);
    return content;
  };
  return { name, size, read };
}

function unpacked(
  method: number,
  packed: Uint8Array,
  size: number,
  refuse: (why: string) => never,
): Uint8Array {
  if (method === STORED) return packed;
  if (method !== DEFLATED) return refuse(`it is packed by method ${method}, and only deflate is read`);
  try {
    return inflateSync(packed, { out: new Uint8Array(size) });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function checkName(name: string): void {
  const parts = name.replace(/\/$/, '').split('/');
  const isHostile = /[\\:\0]/.test(name) || parts.some((part) => ['', '.', '..'].includes(part));
  if (isHostile)
    throw new CardinalError(`it has a file called ${JSON.stringify(name)}, which is no name in it`);
}

/** What stands in the extra field of ZIP64 in place of numbers that are too large. */
function largeNumbers(view: DataView, begin: number, length: number): number[] {
  for (let at = begin; at + 4 <= begin + length;) {
    const [kind, bytes] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const numbers = Math.min(bytes, begin + length - at - 4) >> 3;
    if (kind === 1) {
      return Array.from({ length: numbers }, (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)));
    }
    at += 4 + bytes;
  }
  return [];
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder().decode(bytes.subarray(at, at + length));
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

let table: Uint32Array | undefined;

/** CRC-32 as zip has it (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}
