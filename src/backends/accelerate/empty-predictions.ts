import * as tf from '@tensorflow/tfjs';
import { replaceMethod, type Patch } from './patch';

interface Model {
  computeOutputShape(inputShapes: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[];
  predictLoop(
    inputs: tf.Tensor | tf.Tensor[],
    batchSize?: number,
    verbose?: boolean,
  ): tf.Tensor | tf.Tensor[];
}

/** Lets a model predict for no samples, of which stock tfjs makes no batch and then has none to concatenate. */
export const emptyPredictions: Patch = () =>
  replaceMethod(
    tf.LayersModel.prototype as unknown as Model,
    'predictLoop',
    (stock) =>
      function (this: Model, inputs, batchSize, verbose) {
        const given = Array.isArray(inputs) ? inputs : [inputs];
        if (given.some(({ shape }) => shape[0] !== 0)) return stock.call(this, inputs, batchSize, verbose);
        const shapes = given.map(({ shape }) => [null, ...shape.slice(1)]);
        const made = this.computeOutputShape(shapes.length === 1 ? shapes[0] : shapes);
        const outputs = (isList(made) ? made : [made]).map(([, ...lengths]) =>
          tf.zeros([0, ...(lengths as number[])]),
        );
        return outputs.length === 1 ? outputs[0] : outputs;
      },
  );

function isList(shapes: tf.Shape | tf.Shape[]): shapes is tf.Shape[] {
  return Array.isArray(shapes[0]);
}
