import type { Shape } from '../graph';
import { imageShape, requireChannelsLast, type Lowering, type Lowerings } from './lowering';

/** What inference leaves as it is. */
const nothing: Lowering = (_, [x]) => x;

const reshape: Lowering = (scope, [x]) => {
  const lengths = scope.layer.computeOutputShape([...x.shape] as (number | null)[]).slice(1) as number[];
  if (scope.option('dataFormat') === 'channelsFirst') throw scope.cannot('its channels come first');
  return scope.add({ op: 'reshape' }, [x], [null, ...lengths]);
};

const zeroPadding: Lowering = (scope, [x]) => {
  requireChannelsLast(scope);
  const [height, width, channels] = imageShape(scope, x);
  const [[top, bottom], [left, right]] = scope.option<[[number, number], [number, number]]>('padding');
  const shape: Shape = [null, height + top + bottom, width + left + right, channels];
  return scope.add({ op: 'pad', padding: { top, bottom, left, right } }, [x], shape);
};

export const SHAPE_LOWERINGS: Lowerings = {
  Dropout: nothing,
  DropPath: nothing,
  SpatialDropout1D: nothing,
  GaussianNoise: nothing,
  GaussianDropout: nothing,
  AlphaDropout: nothing,
  Flatten: reshape,
  Reshape: reshape,
  ZeroPadding2D: zeroPadding,
  ChannelShuffle: (scope, [x]) =>
    scope.add({ op: 'shuffle', groups: scope.option<number>('groups') }, [x], x.shape),
  ChannelSlice: (scope, [x]) => {
    const size = scope.option<number>('size');
    const shape = [...x.shape.slice(0, -1), size] as unknown as Shape;
    return scope.add({ op: 'slice', begin: scope.option<number>('begin'), size }, [x], shape);
  },
};
