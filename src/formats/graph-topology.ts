import { CardinalError, nearest } from '../errors';
import { checkDepth } from './json-depth';

type Fields = Readonly<Record<string, unknown>>;

/** A node of a TensorFlow graph, as a GraphModel's topology has it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Fields;
}

/** A function that nodes of the graph call. */
export interface GraphFunction extends Fields {
  readonly signature: { readonly name: string; readonly inputArg?: readonly { readonly name: string }[] };
  readonly nodeDef?: readonly GraphNode[];
}

/** A GraphModel's topology that was looked at. */
export interface GraphTopology extends Fields {
  readonly node: readonly GraphNode[];
  readonly library?: { readonly function?: readonly GraphFunction[] };
}

/** What leads back to the beginning of a loop, and is no circle. */
const LOOPS = 'NextIteration';

/**
 * Refuses a graph that tfjs would not end on, or not as it should: one that is not whole, in which a node reads what is not
 * there, or which has a circle that is no loop. Functions within it are looked at alike.
 *
 * @param topology of a GraphModel, which may be anything
 * @throws CardinalError naming the node
 */
export function checkGraphTopology(topology: unknown): asserts topology is GraphTopology {
  checkDepth(topology);
  const { node, library } = objectOf(topology, 'a graph');
  checkNodes(node, [], '');
  if (library == null) return;
  const functions = objectOf(library, 'a library of functions').function ?? [];
  for (const each of listOf(functions, 'a list of functions')) {
    const { signature, nodeDef = [] } = objectOf(each, 'a function');
    const { name, inputArg = [] } = objectOf(signature, 'the signature of a function');
    const label = `function ${textOf(name, 'the name of a function')}: `;
    const args = listOf(inputArg, `${label}a list of inputs`);
    const given = args.map((arg) =>
      textOf(objectOf(arg, `${label}an input`).name, `${label}an input's name`),
    );
    checkNodes(nodeDef, given, label);
  }
}

/**
 * Refuses a signature that names outputs, or nothing but inputs, that the graph does not have.
 *
 * @throws CardinalError naming them
 */
export function checkSignature(signature: unknown, { node }: GraphTopology): void {
  if (signature == null) return;
  const { inputs, outputs } = objectOf(signature, 'a signature');
  const nodes = new Set(node.map(({ name }) => name));
  const named = (entries: unknown, what: string): string[] =>
    entries == null
      ? []
      : Object.values(objectOf(entries, `the signature's ${what}`)).map((entry) =>
          nodeOf(
            textOf(
              objectOf(entry, `one of the signature's ${what}`).name,
              `a name in the signature's ${what}`,
            ),
          ),
        );
  const missing = named(outputs, 'outputs').find((name) => !nodes.has(name));
  if (missing !== undefined) throw notThere("the signature's outputs", missing, nodes);
  const given = named(inputs, 'inputs');
  // Some may have been optimised away, as nothing reads them; but then what is there is among them.
  const asked = node.filter(({ op }) => op.startsWith('Placeholder')).map(({ name }) => name);
  const lost = given.length > 0 && asked.find((name) => !given.includes(name)) !== undefined;
  const strange = given.find((name) => !nodes.has(name));
  if (lost && strange !== undefined) throw notThere("the signature's inputs", strange, nodes);
}

/** The nodes that outputs follow from: those of the signature, or all that nobody reads. */
export function nodesThatRun(signature: unknown, { node }: GraphTopology): GraphNode[] {
  const byName = new Map(node.map((each) => [each.name, each]));
  const outputs = (signature as { outputs?: Record<string, { name: string }> | null } | null | undefined)
    ?.outputs;
  const read = new Set(node.flatMap(({ input = [] }) => input.map(nodeOf)));
  const named = Object.values(outputs ?? {}).map(({ name }) => nodeOf(name));
  const queue = named.length > 0 ? named : node.map(({ name }) => name).filter((name) => !read.has(name));
  const found = new Set<string>();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    queue.push(...(byName.get(name)?.input ?? []).map(nodeOf));
  }
  return node.filter(({ name }) => found.has(name));
}

function checkNodes(json: unknown, given: readonly string[], label: string): asserts json is GraphNode[] {
  const list = listOf(json, `${label}a list of nodes`).map((each) => checkNode(each, label));
  const names = new Set(given);
  for (const { name } of list) {
    if (names.has(name)) throw new CardinalError(`${label}two nodes are called ${name}`);
    names.add(name);
  }
  for (const { name, op, input = [] } of list) {
    const missing = input.find((each) => !names.has(nodeOf(each)));
    if (missing !== undefined) throw notThere(`${label}node ${name} (${op})`, nodeOf(missing), names);
  }
  checkOrder(list, label);
}

function checkNode(json: unknown, label: string): GraphNode {
  const { name, op, input, attr } = objectOf(json, `${label}a node`);
  const own = textOf(name, `${label}the name of a node`);
  if (own in {}) throw new CardinalError(`${label}no node can be called ${own}`);
  const node = `${label}node ${own}`;
  textOf(op, `${node}: an operation`);
  if (input != null)
    listOf(input, `${node}: a list of inputs`).forEach((each) => textOf(each, `${node}: an input`));
  if (attr != null) {
    for (const [key, value] of Object.entries(objectOf(attr, `${node}: attributes`))) {
      objectOf(value, `${node}: a value of the attribute ${key}`);
    }
  }
  return json as GraphNode;
}

/** Takes nodes away whose inputs are all away, until none is left. */
function checkOrder(nodes: readonly GraphNode[], label: string): void {
  const own = new Map(nodes.map((node) => [node.name, node]));
  const waiting = new Map<string, number>();
  const readers = new Map<string, string[]>();
  for (const { name, input = [] } of nodes) {
    const read = new Set(input.map(nodeOf));
    const counted = [...read].filter((each) => own.has(each) && own.get(each)?.op !== LOOPS);
    waiting.set(name, counted.length);
    for (const each of counted) readers.set(each, [...(readers.get(each) ?? []), name]);
  }
  const ready = nodes.map(({ name }) => name).filter((name) => waiting.get(name) === 0);
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    waiting.delete(name);
    for (const reader of readers.get(name) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  const [first] = waiting.keys();
  if (first === undefined) return;
  // Each that is left reads one that is left: following that, a node comes twice.
  const way = [first];
  for (;;) {
    const { input = [] } = own.get(way[way.length - 1]) as GraphNode;
    const next = input.map(nodeOf).find((name) => waiting.has(name) && own.get(name)?.op !== LOOPS) as string;
    const from = way.indexOf(next);
    way.push(next);
    if (from < 0) continue;
    const circle = way.slice(from);
    const text = circle.length === 2 ? 'itself' : `in a circle: ${shortened(circle).join(' reads ')}`;
    throw new CardinalError(`${label}node ${circle[0]} reads ${text}`);
  }
}

function shortened(names: readonly string[]): readonly string[] {
  return names.length > 12 ? [...names.slice(0, 10), '…', names[names.length - 1]] : names;
}

/** The node of `^node`, `node:1` and `node:output:1`. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, '').split(':')[0];
}

function notThere(reader: string, name: string, names: ReadonlySet<string>): CardinalError {
  const near = nearest(name, [...names]);
  const hint = near === undefined ? '' : ` (did you mean '${near}'?)`;
  return new CardinalError(`${reader} reads '${name}', which is not there${hint}`);
}

function objectOf(json: unknown, what: string): Fields {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Fields;
  throw new CardinalError(`expected ${what}. Received: ${shown(json)}`);
}

function listOf(json: unknown, what: string): unknown[] {
  if (Array.isArray(json)) return json;
  throw new CardinalError(`expected ${what}. Received: ${shown(json)}`);
}

function textOf(json: unknown, what: string): string {
  if (typeof json === 'string' && json !== '') return json;
  throw new CardinalError(`expected ${what}. Received: ${shown(json)}`);
}

function shown(json: unknown): string {
  const text = JSON.stringify(json) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
