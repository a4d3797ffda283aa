import { CardinalError } from '../errors';
import { HEAD_BYTES, recognise } from '../file-kinds';
import { readRegularFile } from '../files/regular-file';

/** As many pixels as Pillow decodes before it takes an image for an attack on the memory: twice its `MAX_IMAGE_PIXELS`. */
export const MOST_PIXELS = 178_956_970;
// More than an image of the most pixels has, at 16 bits of four channels each, without any compression.
const MOST_BYTES = 1_500_000_000;

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const JPEG = Buffer.from('\xff\xd8\xff', 'latin1');

/**
 * The bytes of a PNG or JPEG image, whatever its name says it is. What else the file is shows in its first bytes, and the rest
 * is not read then.
 *
 * A decoder that is given a path maps the file, and a file that is cut off meanwhile ends the process; one that is given bytes
 * of another format may do more than decode: SVG alone can draw what other files hold.
 *
 * @throws CardinalError saying what the file is instead, or why it could not be read
 */
export async function readImageBytes(path: string): Promise<Buffer> {
  const look = (head: Buffer): void => {
    if (isPngOrJpeg(head)) return;
    throw notImage(path, `expected a PNG or JPEG image. Received: ${whatIs(head)}`);
  };
  return readRegularFile(path, { look, headBytes: HEAD_BYTES, mostBytes: MOST_BYTES }).catch(
    (error: Error) => {
      throw error instanceof CardinalError ? error : notImage(path, error.message);
    },
  );
}

/** The error for a file that is no image that can be decoded. */
export function notImage(path: string, reason: string): CardinalError {
  return new CardinalError(`${path} could not be read as an image: ${reason}`);
}

function isPngOrJpeg(head: Buffer): boolean {
  return [PNG, JPEG].some((signature) => head.subarray(0, signature.length).equals(signature));
}

function whatIs(head: Buffer): string {
  const known = recognise(head)?.what;
  if (known !== undefined) return known;
  const first = [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0'));
  return `a file that begins with the bytes ${first.join(' ')}`;
}
