import { outputLength, pair, resolvePadding } from '../../ops/conv-spec';
import type { Shape } from '../graph';
import {
  imageShape,
  paddingOf,
  requireChannelsLast,
  requirePixels,
  type LayerScope,
  type Lowering,
  type Lowerings,
} from './lowering';

function pool(op: 'maxPool' | 'averagePool'): Lowering {
  return (scope, [x]) => {
    requireChannelsLast(scope);
    const [height, width, channels] = imageShape(scope, x);
    const size = pair('poolSize', scope.option('poolSize'));
    const strides = pair('strides', scope.option('strides'));
    const padding = paddingOf(scope);
    const { top, bottom, left, right } = resolvePadding(padding, [height, width], size, strides, [1, 1]);
    const shape: Shape = [
      null,
      outputLength(height + top + bottom, size[0], strides[0], 1),
      outputLength(width + left + right, size[1], strides[1], 1),
      channels,
    ];
    requirePixels(scope, x, shape);
    return scope.add({ op, window: { size, strides, padding: { top, bottom, left, right } } }, [x], shape);
  };
}

function globalAverage(scope: LayerScope, x: { name: string; shape: Shape }) {
  requireChannelsLast(scope);
  const [, , channels] = imageShape(scope, x);
  return scope.add({ op: 'globalAverage', keepsAxes: false }, [x], [null, channels]);
}

export const POOLING_LOWERINGS: Lowerings = {
  MaxPooling2D: pool('maxPool'),
  AveragePooling2D: pool('averagePool'),
  GlobalAveragePooling2D: (scope, [x]) => globalAverage(scope, x),
};
