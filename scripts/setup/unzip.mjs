import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { makeFolder } from './temporary.mjs';

// The zip format, as far as wheels use it: APPNOTE.TXT 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

/**
 * Unpacks chosen members of a zip file.
 *
 * @param members the names to unpack, each mapped to a path under `folder`
 * @param onProgress called with the bytes written so far and those to write
 * @throws Error when a member is missing, or its size is not what the archive says
 */
export async function unzip(archive, members, folder, onProgress = () => {}) {
  const file = await open(archive);
  try {
    const entries = await readDirectory(file);
    const chosen = Object.entries(members).map(([name, target]) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new Error(`${archive} has no member ${name}`);
      return { ...entry, name, target: join(folder, target) };
    });
    const total = chosen.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const entry of chosen) {
      makeFolder(dirname(entry.target));
      const written = await extract(file, archive, entry, (bytes) => onProgress(before + bytes, total));
      if (written !== entry.size) throw new Error(`${entry.name}: ${written} bytes instead of ${entry.size}`);
      before += written;
    }
    return total;
  } finally {
    await file.close();
  }
}

async function readDirectory(file) {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - END_BYTES - LONGEST_COMMENT), size);
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end -= 1;
  if (end < 0) throw new Error('not a zip file');
  const count = tail.readUInt16LE(end + 10);
  const start = tail.readUInt32LE(end + 16);
  const directory = await readAt(file, start, start + tail.readUInt32LE(end + 12));
  const entries = new Map();
  for (let at = 0, index = 0; index < count; index += 1) {
    if (directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error('damaged zip directory');
    const nameBytes = directory.readUInt16LE(at + 28);
    entries.set(directory.toString('utf8', at + 46, at + 46 + nameBytes), {
      method: directory.readUInt16LE(at + 10),
      packedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      header: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function extract(file, archive, { method, packedSize, header, target, name }, onBytes) {
  if (method !== STORED && method !== DEFLATED) throw new Error(`${name}: unknown compression ${method}`);
  const local = await readAt(file, header, header + 30);
  const start = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  let written = 0;
  const count = new Transform({
    transform(chunk, _encoding, done) {
      written += chunk.length;
      onBytes(written);
      done(null, chunk);
    },
  });
  if (packedSize === 0) {
    await pipeline([], createWriteStream(target));
    return 0;
  }
  const packed = createReadStream(archive, { start, end: start + packedSize - 1, highWaterMark: 1 << 20 });
  const stages = method === DEFLATED ? [createInflateRaw({ chunkSize: 1 << 18 })] : [];
  await pipeline(packed, ...stages, count, createWriteStream(target));
  return written;
}

async function readAt(file, start, end) {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  if (bytesRead !== buffer.length) throw new Error('the zip file ends too early');
  return buffer;
}
