import { CardinalError } from '../errors';
import { loadGraphviz } from './load-graphviz';

/** A length in both directions, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle by its corner, in pixels from the top left. */
export interface Rectangle extends Size {
  readonly x: number;
  readonly y: number;
}

/** A frame around nodes and other frames. */
export interface LayoutFrame {
  readonly id: string;
  readonly nodes: readonly string[];
  readonly frames: readonly LayoutFrame[];
}

/** What is to be laid out, from top to bottom. */
export interface LayoutGraph {
  readonly nodes: readonly (Size & { readonly id: string })[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly isShortcut: boolean }[];
  readonly frames: readonly LayoutFrame[];
  /** Nodes of which the first has to be above the second, beside those that edges put there. */
  readonly above: readonly (readonly [upper: string, lower: string])[];
}

/** Where everything goes. */
export interface Layout extends Size {
  readonly nodes: ReadonlyMap<string, Rectangle>;
  readonly frames: ReadonlyMap<string, Rectangle>;
  /** One for each edge, in their order: the ends and control points of Bézier curves, as `[start, c1, c2, end, c1, …]`. */
  readonly edges: readonly (readonly (readonly [x: number, y: number])[])[];
}

/** Graphviz counts in points, of which 72 are an inch; a point is a pixel here. */
const POINTS = 72;
const ARROW = 7;

interface LaidOut {
  readonly bb: string;
  readonly objects: readonly { readonly name: string; readonly pos?: string; readonly bb?: string }[];
  readonly edges?: readonly { readonly pos?: string; readonly id?: string }[];
}

/**
 * A layout by Graphviz's `dot`. Nodes keep their sizes: what is written in them is measured and drawn by us.
 *
 * @throws CardinalError where Graphviz fails
 */
export async function layOut({ nodes, edges, frames, above }: LayoutGraph): Promise<Layout> {
  const graphviz = await loadGraphviz();
  const sizes = new Map(nodes.map((node) => [node.id, node]));
  const { status, output, errors } = graphviz.render(
    {
      directed: true,
      // By the new ranking an edge between frames keeps its ends one below the other too.
      graphAttributes: { rankdir: 'TB', nodesep: 0.35, ranksep: 0.3, newrank: true },
      nodeAttributes: { shape: 'box', fixedsize: true, label: '' },
      edgeAttributes: { arrowsize: ARROW / 10 },
      nodes: nodes.map(({ id, width, height }) => ({
        name: id,
        attributes: { width: width / POINTS, height: height / POINTS },
      })),
      edges: [
        ...edges.map(({ from, to, isShortcut }, index) => ({
          tail: from,
          head: to,
          // What goes past others gives way, so that the way through the layers is straight.
          attributes: { id: `e${index}`, weight: isShortcut ? 1 : 8 },
        })),
        ...above.map(([tail, head]) => ({ tail, head, attributes: { style: 'invis', weight: 0 } })),
      ],
      subgraphs: frames.map(cluster),
    },
    { format: 'json', yInvert: true },
  );
  if (status !== 'success')
    throw new CardinalError(`the diagram has no layout: ${errors.map(({ message }) => message).join('; ')}`);
  const { bb, objects, edges: routed = [] } = JSON.parse(output) as LaidOut;
  const whole = rectangle(bb);
  const places = { nodes: new Map<string, Rectangle>(), frames: new Map<string, Rectangle>() };
  for (const { name, pos, bb: box } of objects) {
    const size = sizes.get(name);
    if (size !== undefined && pos !== undefined) {
      const [x, y] = numbers(pos);
      places.nodes.set(name, {
        x: x - size.width / 2,
        y: y - size.height / 2,
        width: size.width,
        height: size.height,
      });
    } else if (box !== undefined) {
      places.frames.set(name.replace(/^cluster_/, ''), rectangle(box));
    }
  }
  const curves = new Map(routed.map(({ id, pos = '' }) => [id, curveOf(pos)]));
  return {
    width: whole.width,
    height: whole.height,
    ...places,
    edges: edges.map((_, index) => curves.get(`e${index}`) ?? []),
  };
}

interface Cluster {
  readonly name: string;
  readonly graphAttributes: Readonly<Record<string, number>>;
  readonly nodes: { name: string }[];
  readonly subgraphs: Cluster[];
}

function cluster({ id, nodes, frames }: LayoutFrame): Cluster {
  return {
    name: `cluster_${id}`,
    graphAttributes: { margin: 10 },
    nodes: nodes.map((name) => ({ name })),
    subgraphs: frames.map(cluster),
  };
}

/** `e,x,y x,y …`: the tip of the arrow, then the curves, which the tip ends. */
function curveOf(pos: string): [number, number][] {
  const points = pos.split(' ').map((point) => numbers(point.replace(/^e,/, '')) as [number, number]);
  return pos.startsWith('e,') ? [...points.slice(1), points[0]] : points;
}

/** Two corners, of which either may be the upper one. */
function rectangle(text: string): Rectangle {
  const [left, top, right, bottom] = numbers(text);
  return { x: left, y: Math.min(top, bottom), width: right - left, height: Math.abs(bottom - top) };
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}
