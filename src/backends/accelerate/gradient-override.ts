import * as tf from '@tensorflow/tfjs';
import { engine, type Engine } from './engine-internals';
import { replaceMethod, type Patch } from './patch';

/** What a gradient knows besides `dy` and what it saved. */
export interface GradientContext {
  /** Of every input by name: a gradient that needs no more than a shape need not keep the tensor alive. */
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly attrs: tf.NamedAttrMap;
}

/** A gradient that takes the place of a stock one with the same values. */
export interface GradientOverride {
  readonly kernelName: string;
  readonly inputsToSave?: string[];
  readonly outputsToSave?: boolean[];
  gradient(
    dy: tf.Tensor,
    saved: tf.Tensor[],
    context: GradientContext,
  ): Readonly<Record<string, () => tf.Tensor>>;
}

/** The attribute under which a recorded node carries {@link GradientContext}; a symbol, so that no kernel has it. */
const CONTEXT = Symbol('gradient context');

/** Registers gradients over the stock ones. */
export function overrideGradients(overrides: readonly GradientOverride[]): Patch {
  return () => {
    const names = new Set(overrides.map(({ kernelName }) => kernelName));
    const stock = overrides.map(({ kernelName }) => tf.getGradient(kernelName));
    const forgetShapes = recordShapes(names);
    for (const override of overrides) replaceGradient(override.kernelName, asConfig(override));
    return () => {
      overrides.forEach(({ kernelName }, i) => replaceGradient(kernelName, stock[i]));
      forgetShapes();
    };
  };
}

function replaceGradient(kernelName: string, config: tf.GradConfig | undefined): void {
  if (tf.getGradient(kernelName) != null) tf.unregisterGradient(kernelName);
  if (config != null) tf.registerGradient(config);
}

function asConfig({ gradient, ...override }: GradientOverride): tf.GradConfig {
  return {
    ...override,
    gradFunc: (dy, saved, attrs) =>
      gradient(dy as tf.Tensor, saved, (attrs as unknown as Record<symbol, GradientContext>)[CONTEXT]),
  };
}

/** A tape node has no place for its inputs' shapes, but hands its attributes to the gradient. */
function recordShapes(kernelNames: ReadonlySet<string>): () => void {
  return replaceMethod(
    engine(),
    'addTapeNode',
    (stock) =>
      function (this: Engine, kernelName, inputs, outputs, gradientsFunc, saved, attrs) {
        if (!kernelNames.has(kernelName)) {
          return stock.call(this, kernelName, inputs, outputs, gradientsFunc, saved, attrs);
        }
        const shapes = Object.fromEntries(
          Object.entries(inputs).map(([name, tensor]) => [name, tensor?.shape]),
        );
        const withContext = { ...attrs, [CONTEXT]: { shapes, attrs: attrs ?? {} } } as tf.NamedAttrMap;
        return stock.call(this, kernelName, inputs, outputs, gradientsFunc, saved, withContext);
      },
  );
}
