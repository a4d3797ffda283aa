import * as tf from '@tensorflow/tfjs';
import { CardinalError } from '../../errors';
import type { Mend } from '../mend';

/** The part of tfjs's wasm backend that makes and shows a kernel's output. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32', ...rest: unknown[]): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  disposeData(dataId: tf.DataId): unknown;
}

/** A NaN that no arithmetic makes: it stands where a kernel has written nothing. */
const UNWRITTEN = 0x7fca5d1e;

/**
 * Throws where a kernel of tfjs's wasm backend computes nothing. XNNPACK tells of a convolution that it cannot set up on
 * the console alone, and tfjs returns whatever was in the output's memory.
 */
export const noticedFailure: Mend = (kernelName, stock) => (call) => {
  const backend = call.backend as WasmBackend;
  const made: tf.TensorInfo[] = [];
  const watched = new Proxy(backend, {
    get(target, name) {
      if (name !== 'makeOutput') return Reflect.get(target, name) as unknown;
      return (...args: Parameters<WasmBackend['makeOutput']>) => {
        const output = target.makeOutput(...args);
        made.push(output);
        lastWord(target, output)?.fill(UNWRITTEN);
        return output;
      };
    },
  });
  const result = stock({ ...call, backend: watched });
  if (!made.some((output) => lastWord(backend, output)?.[0] === UNWRITTEN)) return result;
  for (const { dataId } of made) backend.disposeData(dataId);
  const shapes = Object.entries(call.inputs).map(([name, tensor]) => `${name} [${tensor?.shape ?? 'none'}]`);
  const { strides, dilations, pad } = call.attrs as tf.NamedAttrMap;
  throw new CardinalError(
    `${kernelName}: tfjs's wasm backend computed nothing for ${shapes.join(', ')} with ` +
      `${JSON.stringify({ strides, dilations, pad })}. Use another backend for it.`,
  );
};

/** The last element of an output, as the bits that it is made of. */
function lastWord(backend: WasmBackend, output: tf.TensorInfo): Uint32Array | undefined {
  const values = backend.typedArrayFromHeap(output); // anew each time, since the heap moves when it grows
  if (values.length === 0) return undefined;
  return new Uint32Array(values.buffer, values.byteOffset + values.byteLength - 4, 1);
}
