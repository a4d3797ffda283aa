/** The kinds of files that calls of this package read. */
export type ReadableKind = 'safetensors' | 'keras' | 'onnx' | 'layers-model' | 'graph-model';

/** What a file is by its first bytes, and who reads it. */
export interface FileKind {
  /** With an article: `a Git LFS pointer`. */
  readonly what: string;
  /** One that a call of this package reads. */
  readonly kind?: ReadableKind;
  /** The call that reads it, or what else to do with it. */
  readonly advice: string;
}

/** So many first bytes are enough to tell what a file is. */
export const HEAD_BYTES = 4096;

/** What is expected, for messages. */
const WANTED: Readonly<Record<ReadableKind, string>> = {
  safetensors: 'safetensors file',
  keras: '.keras file',
  onnx: 'ONNX model',
  'layers-model': 'LayersModel of tfjs',
  'graph-model': 'GraphModel of tfjs',
};

const TFJS_MODELS: Readonly<Record<'layers-model' | 'graph-model', FileKind>> = {
  'layers-model': {
    what: 'a LayersModel of tfjs',
    kind: 'layers-model',
    advice: 'loadLayersModel reads it, by its folder, or tf.loadLayersModel by its address',
  },
  'graph-model': {
    what: 'a GraphModel of tfjs',
    kind: 'graph-model',
    advice: 'loadGraphModel reads it, by its path or address',
  },
};

type Recognise = (head: Uint8Array, text: string) => FileKind | undefined;

const NO_CALL = 'no call of this package reads it';

/** JSON that says nothing of what it is. */
export const PLAIN_JSON: FileKind = { what: 'a JSON file', advice: `${NO_CALL} as a model` };
const PICKLE: FileKind = {
  what: 'a pickle, as torch.save writes it',
  advice:
    `${NO_CALL}, since a pickle can run any program; it becomes a safetensors file in Python by ` +
    `safetensors.torch.save_file(state_dict, 'model.safetensors')`,
};
const UNPACK = `${NO_CALL}; unpack it first`;

/** Ordered: the first that knows a file tells what it is. */
const SIGNATURES: readonly Recognise[] = [
  ({ length }) => when(length === 0, { what: 'an empty file', advice: 'fetch or write it again' }),
  // A length in 8 bytes, of which the upper half is 0, and JSON. Before all others, since a length may look like anything.
  (head, text) =>
    when(text[8] === '{' && head.subarray(4, 8).every((byte) => byte === 0), {
      what: 'a safetensors file',
      kind: 'safetensors',
      advice: 'loadWeights reads it, or readSafetensors its tensors alone',
    }),
  (_, text) => when(text.startsWith('PK\x03\x04'), zip(text)),
  starts('\x89HDF\r\n\x1a\n', {
    what: 'an HDF5 file, as Keras writes .h5',
    advice: `${NO_CALL}; it becomes a .keras file, which loadKerasFile reads, in Python by keras.models.load_model('model.h5').save('model.keras')`,
  }),
  (_, text) =>
    when(text.slice(4, 8) === 'TFL3', {
      what: 'a TensorFlow Lite model',
      advice: `${NO_CALL}; the Keras model that it was made of can be saved as .keras, which loadKerasFile reads`,
    }),
  (_, text) => when(text.startsWith('version https://git-lfs'), lfsPointer(text)),
  // Before web pages, which may begin as XML too.
  (_, text) => when(isSvg(text), image('SVG')),
  (_, text) => when(/^\s*(<!doctype html|<html|<\?xml|<head|<body)/i.test(text), PAGE),
  (_, text) => when(/^(\uFEFF|\xEF\xBB\xBF)?\s*[{[]/.test(text), jsonFile(text)),
  ([first, second]) => when(first === 0x80 && second >= 2 && second <= 5, PICKLE),
  starts('\x1f\x8b', { what: 'a gzip archive', advice: UNPACK }),
  starts('BZh', { what: 'a bzip2 archive', advice: UNPACK }),
  starts('\xfd7zXZ\0', { what: 'an xz archive', advice: UNPACK }),
  starts('\x28\xb5\x2f\xfd', { what: 'a zstd archive', advice: UNPACK }),
  starts('7z\xbc\xaf\x27\x1c', { what: 'a 7z archive', advice: UNPACK }),
  starts('Rar!', { what: 'a RAR archive', advice: UNPACK }),
  (_, text) => when(text.slice(257, 262) === 'ustar', { what: 'a tar archive', advice: UNPACK }),
  starts('\x89PNG', image('PNG')),
  starts('\xff\xd8\xff', image('JPEG')),
  starts('GIF8', image('GIF')),
  (_, text) => when(text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP', image('WebP')),
  (_, text) => when(/^(II\*\0|MM\0\*)/.test(text), image('TIFF')),
  (_, text) => when(/^BM.{4}\0\0\0\0/s.test(text), image('BMP')),
  (_, text) => when(/^.{4}ftyp(avif|heic|mif1)/s.test(text), image('AVIF or HEIC')),
  starts('%PDF', { what: 'a PDF document', advice: NO_CALL }),
  starts('GGUF', { what: 'a GGUF model', advice: NO_CALL }),
  starts('\x93NUMPY', { what: 'an array of NumPy', advice: `${NO_CALL}; ${fromNumpy('array')}` }),
  // Protocol buffers: the number of a format, then a field that may follow it.
  ([tag, schema, next]) =>
    when(tag === 0x08 && schema === 1 && next === 0x12, {
      what: 'a TensorFlow SavedModel',
      advice: `${NO_CALL}; tensorflowjs_converter makes of it a GraphModel, which loadGraphModel reads`,
    }),
  ([tag, version, next]) =>
    when(
      tag === 0x08 &&
        version >= 2 &&
        version < 32 &&
        [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next),
      {
        what: 'an ONNX model',
        kind: 'onnx',
        advice: 'importOnnxFile reads it, or importOnnx its bytes',
      },
    ),
  (_, text) =>
    when(text.startsWith('\n') && ['Placeholder', 'Const'].some((op) => hasNode(text, op)), {
      what: 'a frozen graph of TensorFlow',
      advice: `${NO_CALL}; tensorflowjs_converter makes of it a GraphModel, which loadGraphModel reads`,
    }),
];

const PAGE: FileKind = {
  what: 'a web page',
  advice:
    'the address is that of a page about the file, or of an error; on the Hugging Face hub, files are under /resolve/ where their pages are under /blob/',
};

/**
 * What a file is by its first bytes; `undefined` for one of a kind that is not known here.
 *
 * @param head at least the first {@link HEAD_BYTES} bytes, or all
 *
 * @example
 * recognise(await readFile('pytorch_model.bin'))?.what; // 'a pickle, as torch.save writes it'
 */
export function recognise(head: Uint8Array): FileKind | undefined {
  const first = head.subarray(0, HEAD_BYTES);
  // One character a byte.
  const text = Array.from(first, (byte) => String.fromCharCode(byte)).join('');
  for (const signature of SIGNATURES) {
    const kind = signature(first, text);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

/**
 * For a message, what a file is instead of what is wanted, and who reads it; `undefined` if it is what is wanted, or of a
 * kind that is not known here.
 *
 * @example
 * `${path} is ${insteadOf('safetensors', bytes)}`; // … is no safetensors file but an ONNX model: importOnnxFile reads it, …
 */
export function insteadOf(wanted: ReadableKind, head: Uint8Array): string | undefined {
  const found = recognise(head);
  if (found === undefined || found.kind === wanted) return undefined;
  return `no ${WANTED[wanted]} but ${found.what}: ${found.advice}`;
}

/** What the JSON of a `model.json` is instead of a LayersModel, as {@link insteadOf}; `undefined` if that is not to be seen. */
export function topologyInsteadOfLayers(json: unknown): string | undefined {
  const { format, modelTopology } = (json ?? {}) as {
    format?: unknown;
    modelTopology?: { node?: unknown } | null;
  };
  if (format !== 'graph-model' && !Array.isArray(modelTopology?.node)) return undefined;
  const { what, advice } = TFJS_MODELS['graph-model'];
  return `no ${WANTED['layers-model']} but ${what}: ${advice}`;
}

function when(isSo: boolean, kind: FileKind | undefined): FileKind | undefined {
  return isSo ? kind : undefined;
}

function starts(signature: string, kind: FileKind): Recognise {
  return (_, text) => when(text.startsWith(signature), kind);
}

function image(format: string): FileKind {
  return { what: `an image (${format})`, advice: 'no call of this package reads a model from it' };
}

/** Whether XML has an `svg` element as its first, behind declarations and comments. */
function isSvg(text: string): boolean {
  let rest = text.replace(/^\xEF\xBB\xBF/, '').trimStart();
  // One at a time: a pattern of all of them could be matched in as many ways as there are comments, and more.
  const before = /^(<\?[^>]*>|<!--.*?-->|<!doctype\s+svg[^[>]*(\[[^\]]*\])?[^>]*>)\s*/is;
  for (let found = before.exec(rest); found !== null; found = before.exec(rest)) {
    rest = rest.slice(found[0].length);
  }
  return /^<svg\b/i.test(rest);
}

/** Whether a graph of TensorFlow has a node of an operation among its first: a tag, a length, and the name. */
function hasNode(text: string, op: string): boolean {
  return text.slice(0, 512).includes(`${String.fromCharCode(0x12, op.length)}${op}`);
}

function fromNumpy(what: string): string {
  return `it becomes a safetensors file in Python by safetensors.numpy.save_file({name: ${what}}, 'model.safetensors')`;
}

/** By the names of its first entries, which stand before each. */
function zip(text: string): FileKind {
  if (/\/(data\.pkl|constants\.pkl)|^PK.{28}(data|constants)\.pkl/s.test(text)) {
    return { ...PICKLE, what: 'a pickle in a zip, as torch.save writes it' };
  }
  if (/^PK.{28}(metadata\.json|config\.json|model\.weights\.h5)/s.test(text)) {
    return {
      what: 'a .keras file',
      kind: 'keras',
      advice: 'loadKerasFile reads it',
    };
  }
  if (/^PK.{28}[^\0]*\.npy/s.test(text)) {
    return { what: "a zip of NumPy's arrays (.npz)", advice: `${NO_CALL}; ${fromNumpy('array')}` };
  }
  return { what: 'a zip archive', advice: UNPACK };
}

function lfsPointer(text: string): FileKind {
  const size = /\nsize (\d+)/.exec(text)?.[1];
  const of = size === undefined ? '' : ` to ${size} bytes`;
  return {
    what: `a Git LFS pointer${of}, which stands where the file itself should be`,
    advice: "'git lfs pull' fetches that",
  };
}

/** By keys that are among the first of such files, since of a long one only the beginning is here. */
function jsonFile(text: string): FileKind {
  if (/"weight_map"\s*:/.test(text)) {
    const files = [...new Set([...text.matchAll(/"([^"]+\.safetensors)"/g)].map(([, name]) => name))];
    const named =
      files.length === 0 ? '' : ` (${files.slice(0, 3).join(', ')}${files.length > 3 ? ', …' : ''})`;
    return {
      what: `the index of a model in several safetensors files${named}`,
      advice: 'loadWeights takes the tensors of all of them in one Map; readSafetensors reads each',
    };
  }
  const isTfjs = /"(modelTopology|weightsManifest)"\s*:/.test(text);
  const isGraph =
    /"format"\s*:\s*"graph-model"/.test(text) ||
    /"modelTopology"\s*:\s*\{\s*"(node|versions|library)"/.test(text);
  if (isGraph) return TFJS_MODELS['graph-model'];
  if (isTfjs) return TFJS_MODELS['layers-model'];
  if (/"class_name"\s*:/.test(text)) {
    return {
      what: 'the config of a Keras model, without weights',
      advice: `${NO_CALL}; model.save('model.keras') in Keras writes a file that loadKerasFile reads`,
    };
  }
  if (/"(architectures|model_type|architecture)"\s*:/.test(text)) {
    return {
      what: 'the config.json of a model on the Hugging Face hub',
      advice: `its weights are in model.safetensors beside it, which loadWeights reads`,
    };
  }
  return PLAIN_JSON;
}
