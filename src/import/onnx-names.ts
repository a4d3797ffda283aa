import type { NodeMessage, OnnxNode } from './onnx-attributes';

/**
 * The PyTorch module that an exporter noted for a node: the older one in the node's name, `/layer1/layer1.0/conv1/Conv` in
 * `layer1.0.conv1`, the newer one in its metadata. `undefined` where neither did.
 */
export function moduleOf({ name, metadataProps }: NodeMessage): string | undefined {
  const scopes = metadataProps.find(({ key }) => key === 'pkg.torch.onnx.name_scopes')?.value;
  if (scopes !== undefined) {
    // A list as Python prints it: the modules from the outermost on, and the operation.
    const names = [...scopes.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, single, double]) => single ?? double);
    return names.slice(0, -1).at(-1) ?? '';
  }
  if (!name.startsWith('/')) return undefined;
  const path: string[] = [];
  for (const part of name.split('/').slice(1, -1)) {
    // The children of a list of modules repeat its own name.
    const parent = path.at(-1);
    if (parent !== undefined && part.startsWith(`${parent}.`)) path.pop();
    path.push(part);
  }
  return path.join('.');
}

/** Operators that are modules of their own in PyTorch as a rule, and not lines of one's `forward`. */
const MODULES: ReadonlySet<string> = new Set(
  'Conv Gemm MatMul BatchNormalization LayerNormalization Relu Clip Sigmoid HardSigmoid HardSwish Swish Gelu LeakyRelu Elu Tanh Softplus MaxPool AveragePool GlobalAveragePool Dropout'.split(
    ' ',
  ),
);

/**
 * The name for the layer of a node: that of the PyTorch module where the file tells, so that its weights can be loaded and
 * saved under PyTorch's names, otherwise the node's own.
 *
 * It may have characters that no layer's name can have; {@link clean} is what it comes to then.
 *
 * @param weight name of the initialiser that is the node's kernel or scale, if it has one
 * @param isParameter whether that is a parameter that is no other module's, such as a position embedding
 */
export function layerName({ op, name, module }: OnnxNode, weight?: string, isParameter = false): string {
  if (
    isParameter &&
    module !== undefined &&
    weight !== undefined &&
    /^[a-z_]\w*(\.\w+)*$/i.test(weight) &&
    !/^(val|const\w*)_?\d*$/i.test(weight)
  )
    return weight;
  const owner = weight === undefined ? undefined : /^([^:]+)\.(?:weight|layer_scale)$/.exec(weight)?.[1];
  // Exporters give equal tensors one name, and norms that never trained are all equal.
  if (op.endsWith('Normalization') && module) return module;
  if (owner !== undefined) return owner;
  if (module === undefined) return clean(name.replace(/^node_/, ''));
  if (module !== '' && MODULES.has(op)) return module;
  const operation = op.charAt(0).toLowerCase() + op.slice(1);
  return module === '' ? operation : `${module}.${operation}`;
}

/** A name that tfjs takes for a variable: letters, digits and `_ . -`, the first being a letter or a digit. */
export function clean(name: string): string {
  return (
    name
      .replaceAll('/', '.')
      .replace(/[^\w.-]+/g, '_')
      .replace(/^[^A-Za-z0-9]+/, '') || 'unnamed'
  );
}
