import { cpus } from 'node:os';

import * as tf from '@tensorflow/tfjs';

import { tensorflowVersion } from '../src/backends/tensorflow/load-tfjs-node';
import { packageVersion } from './package-version';

/** What a measured number holds for: the processor and the versions, by name. */
export function machine(): Record<string, string> {
  const [first] = cpus();
  return {
    processor: `${first?.model.trim() ?? 'unknown'} (${cpus().length} threads)`,
    node: process.versions.node,
    tfjs: tf.version.tfjs,
    ...(tf.getBackend() === 'tensorflow' && { tensorflow: tensorflowVersion() }),
    'tfjs-cardinal': packageVersion(),
  };
}
