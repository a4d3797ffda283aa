import type { Graph } from '../graph/graph';
import { GraphRunner } from '../graph/graph-runner';
import type { InferenceEngine } from './engine';

/** Runs a graph operation by operation on the current backend of tfjs, whichever that is. */
export function tfjsEngine(graph: Graph): Promise<InferenceEngine> {
  const runner = new GraphRunner(graph);
  return Promise.resolve({
    name: 'tfjs',
    predict: async (images) => runner.run([images]),
    dispose: () => runner.dispose(),
  });
}
