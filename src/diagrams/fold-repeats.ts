import type { ModelOutline, OutlineBlock, OutlineEdge, OutlineNode } from './outline';

type Parts = Pick<ModelOutline, 'nodes' | 'edges' | 'blocks'>;

/** A block as what it is compared by, and how it is tied to what surrounds it. */
interface Block {
  readonly name: string;
  readonly stage: string;
  readonly nodes: readonly OutlineNode[];
  /** The one node outside that it reads; `undefined` where there are several or none. */
  readonly source: OutlineNode | undefined;
  /** The one node of it that others read; likewise. */
  readonly exit: OutlineNode | undefined;
  /** The blocks that read it; `undefined` for what is in no block. */
  readonly readers: ReadonlySet<string | undefined>;
  readonly signature: string;
}

/**
 * Blocks that are the same, one after the other, drawn once: the nodes of all but the first go, and what the last put out
 * the first does. Blocks are the same where their layers, shapes, costs and connections are, the input's shape included, and
 * nothing but the next one reads them.
 *
 * @param configs by node, all that its layers are told to do
 */
export function foldRepeats({ nodes, edges }: Parts, configs: ReadonlyMap<string, string>): Parts {
  const blocks = blocksOf(nodes, edges, configs);
  const runs: Block[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run[run.length - 1], block)) run.push(block);
    else runs.push([block]);
  }
  const gone = new Set<string>();
  const standIn = new Map<string, string>();
  for (const [first, ...more] of runs) {
    for (const { nodes: own } of more) own.forEach(({ id }) => gone.add(id));
    const exit = more.at(-1)?.exit;
    if (exit !== undefined && first.exit !== undefined) standIn.set(exit.id, first.exit.id);
  }
  const kept = edges
    .filter(({ to }) => !gone.has(to))
    .map((edge) => ({ ...edge, from: standIn.get(edge.from) ?? edge.from }));
  return {
    nodes: nodes.filter(({ id }) => !gone.has(id)),
    edges: kept,
    blocks: runs.map((run): OutlineBlock => {
      const [{ name, stage }] = run;
      return { name, stage, last: run[run.length - 1].name, repeats: run.length };
    }),
  };
}

function follows(before: Block, block: Block): boolean {
  return (
    before.stage === block.stage &&
    before.signature === block.signature &&
    before.exit !== undefined &&
    before.exit === block.source &&
    before.readers.size === 1 &&
    before.readers.has(block.name)
  );
}

function blocksOf(
  nodes: readonly OutlineNode[],
  edges: readonly OutlineEdge[],
  configs: ReadonlyMap<string, string>,
): Block[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const names = [...new Set(nodes.flatMap(({ block }) => (block === undefined ? [] : [block])))];
  return names.map((name) => {
    const own = nodes.filter(({ block }) => block === name);
    const isOwn = (id: string) => byId.get(id)?.block === name;
    const sources = new Set(
      edges.filter(({ from, to }) => !isOwn(from) && isOwn(to)).map(({ from }) => from),
    );
    const out = edges.filter(({ from, to }) => isOwn(from) && !isOwn(to));
    const exits = new Set(out.map(({ from }) => from));
    const source = sources.size === 1 ? byId.get([...sources][0]) : undefined;
    return {
      name,
      stage: own[0].stage as string,
      nodes: own,
      source,
      exit: exits.size === 1 ? byId.get([...exits][0]) : undefined,
      readers: new Set(out.map(({ to }) => byId.get(to)?.block)),
      signature: signatureOf(name, own, { edges, source, configs }),
    };
  });
}

/** Everything about a block but its place in the model. */
function signatureOf(
  name: string,
  nodes: readonly OutlineNode[],
  around: {
    readonly edges: readonly OutlineEdge[];
    readonly source: OutlineNode | undefined;
    readonly configs: ReadonlyMap<string, string>;
  },
): string {
  const ids = nodes.map(({ id }) => id);
  return JSON.stringify([
    around.source?.outputShape,
    nodes.map(({ id, kind, layers, outputShape, params, macs }) => [
      kind,
      layers.map((layer) => layer.slice(name.length)),
      around.configs.get(id),
      outputShape,
      params,
      macs,
      around.edges.filter(({ to }) => to === id).map(({ from }) => ids.indexOf(from)),
    ]),
  ]);
}
