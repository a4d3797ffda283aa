import * as tf from '@tensorflow/tfjs';
import { bottleneck } from '../../../models/blocks/residual';
import { CIFAR } from '../../../models/family';
import { ModelBuilder } from '../../../models/model-builder';
import { type ModelOptions, resolveOptions } from '../../../models/model-options';
import { type NetworkFacts } from '../cases/network-facts';

interface ResNeXtFacts {
  readonly stem: readonly [filters: number, stride: number];
  readonly depths: readonly number[];
  readonly width: number;
  readonly out: number;
  readonly groups: number;
}

/** A ResNeXt with fewer layers than those of the zoo, which has no use for it. */
export function resnextOfDepth(name: string, network: NetworkFacts, options: ModelOptions): tf.LayersModel {
  const { stem, depths, width, out, groups } = network as unknown as ResNeXtFacts;
  const b = new ModelBuilder(resolveOptions(options, CIFAR));
  const convolved = b.conv(b.image, 'conv1', { filters: stem[0], stride: stem[1] });
  let x = b.relu(b.norm(convolved, 'bn1'), 'relu');
  depths.forEach((depth, stage) => {
    for (let index = 0; index < depth; index++) {
      const [scale, stride] = [2 ** stage, stage > 0 && index === 0 ? 2 : 1];
      const block = { width: width * scale, out: out * scale, stride, groups };
      x = bottleneck(b, x, `layer${stage + 1}.${index}`, block);
    }
  });
  return tf.model({ name, inputs: b.image, outputs: b.classifier(x, 'fc') });
}
