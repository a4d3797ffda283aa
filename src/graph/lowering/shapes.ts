import type { Shape } from '../graph';
import { imageShape, requireChannelsLast, requirePixels, type Lowering, type Lowerings } from './lowering';

/** What inference leaves as it is. */
const nothing: Lowering = (_, [x]) => x;

const reshape: Lowering = (scope, [x]) => {
  // A known batch, without which tfjs leaves a length open that the others determine.
  const lengths = scope.layer.computeOutputShape([1, ...x.shape.slice(1)] as number[]).slice(1) as number[];
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

const cropping: Lowering = (scope, [x]) => {
  // tfjs's takes any other word for channels that come first.
  if (scope.option('dataFormat') !== 'channelsLast') throw scope.cannot('its channels come first');
  const [height, width, channels] = imageShape(scope, x);
  const [[top, bottom], [left, right]] = scope.option<[[number, number], [number, number]]>('cropping');
  const shape: Shape = [null, height - top - bottom, width - left - right, channels];
  requirePixels(scope, x, shape);
  return scope.add({ op: 'slice', begin: [top, left, 0] }, [x], shape);
};

const permute: Lowering = (scope, [x]) => {
  const axes = scope.option<number[]>('dims');
  const lengths = axes.map((axis) => x.shape[axis] as number);
  return scope.add({ op: 'transpose', axes }, [x], [null, ...lengths]);
};

const channelSlice: Lowering = (scope, [x]) => {
  const lengths = x.shape.slice(1, -1) as number[];
  const begin = [...lengths.map(() => 0), scope.option<number>('begin')];
  return scope.add({ op: 'slice', begin }, [x], [null, ...lengths, scope.option<number>('size')]);
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
  ChannelSlice: channelSlice,
  Cropping2D: cropping,
  Permute: permute,
};
