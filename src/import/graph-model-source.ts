import * as tf from '@tensorflow/tfjs';

/**
 * What loads a GraphModel from an address: the handler that tfjs has for its scheme, or a fetch relative to the page.
 * `graph-model-source-node.ts` takes its place in Node.
 */
export function graphModelHandler(address: string, options: tf.io.LoadOptions): tf.io.IOHandler {
  const [found] = tf.io.getLoadHandlers(address, options);
  return found ?? tf.io.browserHTTPRequest(address, options);
}
