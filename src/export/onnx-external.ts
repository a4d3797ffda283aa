import { check } from '../errors';

/**
 * Whether weights are written to a file of their own beside the model's, as `external_data` of `torch.onnx.export` has it;
 * `'auto'`: where one file cannot hold them.
 */
export type ExternalDataOption = boolean | 'auto';

/** Of a message of protobuf, in bytes; what is not weights takes far less than the last MiB. */
export const LARGEST_ONNX_FILE = 2 ** 31 - 2 ** 20;

// Less stays in the model, as in `onnx.external_data_helper`.
const SMALLEST_EXTERNAL = 1024;

// So that a tensor can be mapped into memory: onnx.proto wants multiples of a page, and on Windows of 64 KiB, which ONNX
// Runtime's own writer keeps to from 1 MiB on.
const PAGE = 4096;
const GRANULE = 65_536;
const LARGE = 2 ** 20;

/**
 * Whether tensors of so many bytes go to a file beside the model.
 *
 * @param limit bytes of weights that one file holds
 * @throws InvalidArgumentError for an option that is none
 */
export function isExternal(
  option: ExternalDataOption,
  sizes: readonly number[],
  limit: number = LARGEST_ONNX_FILE,
): boolean {
  check(option === 'auto' || typeof option === 'boolean', 'externalData', "true, false or 'auto'", option);
  return option === 'auto' ? sum(sizes) > limit : option;
}

/** Where in the file beside the model each of some tensors begins; `undefined` for those that stay in the model. */
export function externalOffsets(sizes: readonly number[]): (number | undefined)[] {
  let end = 0;
  return sizes.map((size) => {
    if (size < SMALLEST_EXTERNAL) return undefined;
    const alignment = size < LARGE ? PAGE : GRANULE;
    const offset = Math.ceil(end / alignment) * alignment;
    end = offset + size;
    return offset;
  });
}

/** Bytes that belong somewhere in a file. */
export interface Piece {
  readonly offset: number;
  readonly read: () => Uint8Array;
}

/** The file that some pieces make, in their order, with zeros between them; each is read when it is its turn. */
export function fileOf(pieces: readonly Piece[]): Iterable<Uint8Array> {
  return {
    *[Symbol.iterator]() {
      let end = 0;
      for (const { offset, read } of pieces) {
        if (offset > end) yield new Uint8Array(offset - end);
        const bytes = read();
        yield bytes;
        end = offset + bytes.length;
      }
    },
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
