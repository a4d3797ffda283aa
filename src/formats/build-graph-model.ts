import * as tf from '@tensorflow/tfjs';

import { CardinalError } from '../errors';
import { checkGraphTopology, checkSignature, nodesThatRun, type GraphTopology } from './graph-topology';
import { watchBuild } from './watch-build';
import { bytesWithTexts, checkWeightSpecs } from './weights-manifest';

/** What tfjs knows of a node's operation; none of it is in the types. */
interface Mapped {
  readonly executor: {
    readonly graph: { readonly nodes: Readonly<Record<string, { readonly category?: string }>> };
  };
}

/**
 * A GraphModel of artifacts that may be anything; where it cannot be one, nothing is left.
 *
 * @param artifacts with the weights in `weightData`
 * @param prepared the topology as tfjs is to see it: of the nodes that were checked, under other operations
 * @throws CardinalError naming the node or the weight
 */
export function buildGraphModel(
  artifacts: tf.io.ModelArtifacts,
  prepared: (topology: GraphTopology) => object,
): tf.GraphModel {
  const { modelTopology: topology, modelInitializer, signature, userDefinedMetadata } = artifacts;
  checkGraphTopology(topology);
  if (modelInitializer != null && 'node' in modelInitializer) checkGraphTopology(modelInitializer);
  // tfjs takes the one in the metadata before the other.
  const { signature: inMetadata } = (userDefinedMetadata ?? {}) as { signature?: unknown };
  const goesBy = inMetadata ?? signature;
  checkSignature(goesBy, topology);
  const weightData = wholeData(artifacts.weightData);
  const { weightSpecs = [] } = artifacts;
  checkWeightSpecs(weightSpecs);
  const expected = bytesWithTexts(weightSpecs, weightData);
  if (expected !== weightData.byteLength) {
    throw new CardinalError(
      `the weights are damaged: expected ${expected} bytes. Received: ${weightData.byteLength}`,
    );
  }
  const modelTopology = { versions: {}, ...prepared(topology) };
  const load = (weights: object): tf.GraphModel =>
    watchBuild(
      // The model keeps the object that it is loaded from, to save it.
      () => tf.loadGraphModelSync({ load: () => ({ ...artifacts, modelTopology, ...weights }) }),
      { mostNumbers: Infinity },
    ).value as tf.GraphModel<never>;
  // Without weights at first: what runs must be known before they are made.
  const empty = load({ weightSpecs: [], weightData: new ArrayBuffer(0) });
  checkOperations(empty, goesBy, topology);
  empty.dispose();
  const given = new Set(weightSpecs.map(({ name }) => name));
  const lost = nodesThatRun(goesBy, topology).find(({ name, op }) => op === 'Const' && !given.has(name));
  if (lost !== undefined) throw new CardinalError(`there is no weight for the constant ${lost.name}`);
  return load({ weightSpecs, weightData });
}

function checkOperations(model: tf.GraphModel, signature: unknown, topology: GraphTopology): void {
  const { nodes } = (model as unknown as Mapped).executor.graph;
  const strange = nodesThatRun(signature, topology).filter(({ name }) => nodes[name]?.category === undefined);
  if (strange.length === 0) return;
  const [{ name, op }] = strange;
  const more = strange.length === 1 ? '' : `, and ${strange.length - 1} more such nodes`;
  throw new CardinalError(
    `node ${name}: tfjs has no operation ${op}${more}. If a program brings it, call tf.registerOp('${op}', …) first`,
  );
}

function wholeData(data: tf.io.WeightData | undefined): ArrayBuffer {
  if (data === undefined) return new ArrayBuffer(0);
  return Array.isArray(data) ? tf.io.CompositeArrayBuffer.join(data) : data;
}
