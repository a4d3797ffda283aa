import { CardinalError } from '../errors';
import { loadH5wasm } from './load-h5wasm';

type H5wasm = Awaited<ReturnType<typeof loadH5wasm>>;
type Node = ReturnType<InstanceType<H5wasm['Group']>['get']>;

/** An array of numbers in an HDF5 file, not read yet. */
export interface StoredArray {
  readonly path: string;
  readonly shape: readonly number[];
  /** @throws CardinalError for numbers that are not floats of 32 or 64 bits */
  read(): Float32Array;
}

/** A group of an HDF5 file: a folder, as it were. */
export interface ArrayGroup {
  readonly path: string;
  readonly children: readonly string[];
  group(name: string): ArrayGroup | undefined;
  array(name: string): StoredArray | undefined;
  /** A text that is attached to the group. */
  text(attribute: string): string | undefined;
}

const FLOATS: readonly string[] = ['<f', '>f', '<d', '>d'];
const FOLDER = '/tfjs-cardinal';
let filesOpened = 0;

/**
 * Reads an HDF5 file in memory. Links to other files are not followed.
 *
 * @param use is given the root; what it is given is gone when it returns
 * @throws CardinalError if the bytes are no HDF5 file, and what `use` throws
 *
 * @example
 * const kernel = await withHdf5(bytes, (root) => root.group('layers')?.group('conv2d')?.group('vars')?.array('0')?.read());
 */
export async function withHdf5<T>(bytes: Uint8Array, use: (root: ArrayGroup) => T): Promise<T> {
  const h5wasm = await loadH5wasm();
  const { FS, ...hdf5 } = await h5wasm.ready;
  if (!FS.analyzePath(FOLDER).exists) FS.mkdir(FOLDER);
  const path = `${FOLDER}/${filesOpened++}.h5`;
  FS.writeFile(path, bytes);
  // Else HDF5 prints its errors to stderr, a page each, and goes on.
  hdf5.activate_throwing_error_handler();
  try {
    const file = new h5wasm.File(path, 'r');
    try {
      return use(groupOf(h5wasm, file));
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof CardinalError) throw error;
    throw new CardinalError('it is no HDF5 file, or damaged', { cause: error });
  } finally {
    hdf5.deactivate_throwing_error_handler();
    FS.unlink(path);
  }
}

/** Groups and arrays of a model's weights are a few a layer; links of a group to others can make any number of paths. */
const MOST_PATHS = 200_000;

/**
 * Numbers that all arrays in a group have, as their shapes tell.
 *
 * @throws CardinalError if there are too many of them
 */
export function numbersWithin(root: ArrayGroup): number {
  const left = [root];
  let numbers = 0;
  let paths = 0;
  for (let group = left.pop(); group !== undefined; group = left.pop()) {
    for (const name of group.children) {
      if (++paths > MOST_PATHS) throw new CardinalError(`it has more than ${MOST_PATHS} groups and arrays`);
      const inner = group.group(name);
      if (inner !== undefined) left.push(inner);
      const shape = group.array(name)?.shape ?? [0];
      numbers += shape.reduce((product, length) => product * length, 1);
    }
  }
  return numbers;
}

function groupOf(h5wasm: H5wasm, group: InstanceType<H5wasm['Group']>): ArrayGroup {
  const get = (name: string): Node => (group.keys().includes(name) ? group.get(name) : null);
  return {
    path: group.path,
    children: group.keys(),
    group(name) {
      const found = get(name);
      return found instanceof h5wasm.Group ? groupOf(h5wasm, found) : undefined;
    },
    array(name) {
      const found = get(name);
      return found instanceof h5wasm.Dataset ? arrayOf(found) : undefined;
    },
    text(attribute) {
      const value = Object.hasOwn(group.attrs, attribute) ? group.attrs[attribute].value : undefined;
      return typeof value === 'string' ? value : undefined;
    },
  };
}

function arrayOf(dataset: InstanceType<H5wasm['Dataset']>): StoredArray {
  const { path, shape, dtype } = dataset;
  if (shape === null) throw new CardinalError(`${path} has no shape`);
  return {
    path,
    shape,
    read() {
      if (!FLOATS.includes(String(dtype))) {
        throw new CardinalError(`${path}: expected float32 or float64. Received: ${JSON.stringify(dtype)}`);
      }
      const value = dataset.value;
      // A scalar comes as a number.
      const values = typeof value === 'number' ? [value] : (value as ArrayLike<number> | null);
      if (values === null) throw new CardinalError(`${path} could not be read`);
      return Float32Array.from(values);
    },
  };
}
