import type { TensorEntry } from './header';
import { DTYPE_BYTES, type StoredTensor, type TensorData } from './tensor';

/**
 * A tensor from its bytes. Half precision is widened to float32, exactly; other types are views of `bytes` where
 * the alignment allows, copies elsewhere.
 *
 * Typed arrays have the byte order of the machine; the format, like every machine that runs JavaScript engines of
 * today, is little-endian.
 */
export function decodeTensor(entry: TensorEntry, bytes: Uint8Array): StoredTensor {
  const { dtype, shape } = entry;
  return { dtype, shape, data: decode(entry, aligned(bytes, DTYPE_BYTES[dtype])) };
}

function decode({ dtype }: TensorEntry, bytes: Uint8Array): TensorData {
  const { buffer, byteOffset: at } = bytes;
  const length = bytes.length / DTYPE_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, at, length);
    case 'F64':
      return new Float64Array(buffer, at, length);
    case 'F16':
      return widenF16(new Uint16Array(buffer, at, length));
    case 'BF16':
      return widenBF16(new Uint16Array(buffer, at, length));
    case 'BOOL':
    case 'U8':
      return new Uint8Array(buffer, at, length);
    case 'I8':
      return new Int8Array(buffer, at, length);
    case 'U16':
      return new Uint16Array(buffer, at, length);
    case 'I16':
      return new Int16Array(buffer, at, length);
    case 'U32':
      return new Uint32Array(buffer, at, length);
    case 'I32':
      return new Int32Array(buffer, at, length);
    case 'U64':
      return new BigUint64Array(buffer, at, length);
    case 'I64':
      return new BigInt64Array(buffer, at, length);
  }
}

/** Typed arrays must start at a multiple of their element size. */
function aligned(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
}

/** IEEE half precision to float32: every value, subnormals, infinities and NaN payloads too, is kept. */
export function widenF16(halves: Uint16Array): Float32Array {
  const wide = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    let fraction = half & 0x3ff;
    if (exponent === 0x1f) {
      wide[i] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent > 0) {
      wide[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else if (fraction === 0) {
      wide[i] = sign;
    } else {
      // A subnormal half is a normal float32: shift its leading one into the implicit place.
      const shift = Math.clz32(fraction) - 21;
      fraction = (fraction << shift) & 0x3ff;
      wide[i] = sign | ((113 - shift) << 23) | (fraction << 13);
    }
  }
  return new Float32Array(wide.buffer);
}

/** bfloat16 is the upper half of a float32. */
export function widenBF16(halves: Uint16Array): Float32Array {
  const wide = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) wide[i] = halves[i] << 16;
  return new Float32Array(wide.buffer);
}
