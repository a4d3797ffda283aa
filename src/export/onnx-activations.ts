import type { ElementFunction } from '../graph/graph';
import type { OnnxBuilder } from './onnx-builder';

/**
 * Adds a function of each element, written in operators of opset 17, and returns the name of what it puts out: `output`.
 *
 * @param channelAxis along which a softmax goes
 */
export function addActivation(
  builder: OnnxBuilder,
  which: ElementFunction,
  x: string,
  output: string,
  channelAxis: number,
): string {
  const inner = (opType: string, ...inputs: string[]) =>
    builder.add(opType, inputs, builder.unique(`${output}/${opType}`));
  switch (which.name) {
    case 'relu':
      return builder.add('Relu', [x], output);
    case 'relu6':
      return builder.add('Clip', [x, builder.filled(0), builder.filled(6)], output);
    case 'sigmoid':
      return builder.add('Sigmoid', [x], output);
    case 'tanh':
      return builder.add('Tanh', [x], output);
    case 'softplus':
      return builder.add('Softplus', [x], output);
    case 'silu':
      return builder.add('Mul', [x, inner('Sigmoid', x)], output);
    case 'gelu': {
      // In this order ONNX Runtime finds it and makes one operator of it.
      const erf = inner('Erf', inner('Div', x, builder.filled(Math.SQRT2)));
      const gate = inner('Mul', x, inner('Add', erf, builder.filled(1)));
      return builder.add('Mul', [gate, builder.filled(0.5)], output);
    }
    case 'hardSwish':
      return builder.add('HardSwish', [x], output);
    case 'softmax':
      return builder.add('Softmax', [x], output, { ints: { axis: channelAxis } });
    case 'leakyRelu':
      return builder.add('LeakyRelu', [x], output, { floats: { alpha: which.alpha } });
    case 'elu':
      return builder.add('Elu', [x], output, { floats: { alpha: which.alpha } });
    case 'hardSigmoid':
      return builder.add('HardSigmoid', [x], output, { floats: { alpha: which.alpha, beta: which.beta } });
  }
}
