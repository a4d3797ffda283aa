import type { Geometry } from './random-geometries';

/** A geometry that is there for a reason, which its name says. */
export interface NamedGeometry extends Geometry {
  readonly name: string;
}

/** Every form of padding, stride, dilation and grouping, for every backend. */
export const CONFORMANCE_GEOMETRIES: NamedGeometry[] = [
  { name: 'same', x: [2, 6, 5, 8], filter: [3, 3, 4, 12], options: { groups: 2, padding: 'same' } },
  { name: 'valid', x: [2, 6, 5, 6], filter: [2, 3, 2, 9], options: { groups: 3 } },
  { name: 'stride 2, same, even', x: [2, 8, 6, 8], filter: [3, 3, 2, 4], options: { groups: 4, strides: 2, padding: 'same' } },
  { name: 'stride 2, one zero a side', x: [2, 8, 7, 8], filter: [3, 3, 4, 6], options: { groups: 2, strides: 2, padding: 1 } },
  { name: 'unequal strides', x: [1, 9, 8, 4], filter: [3, 2, 2, 6], options: { groups: 2, strides: [2, 1], padding: 'same' } },
  { name: 'stride past the filter', x: [2, 9, 7, 4], filter: [2, 1, 2, 4], options: { groups: 2, strides: 3 } },
  { name: 'four unequal sides', x: [1, 5, 6, 4], filter: [3, 3, 2, 4], options: { groups: 2, padding: [[0, 2], [3, 1]] } },
  { name: 'more zeros than the filter reaches', x: [1, 3, 3, 4], filter: [2, 2, 2, 4], options: { groups: 2, padding: 3, strides: 2 } },
  { name: 'depthwise', x: [2, 6, 6, 6], filter: [3, 3, 1, 6], options: { groups: 6, padding: 'same' } },
  { name: 'depthwise, multiplier 2, stride 2', x: [2, 7, 8, 3], filter: [3, 3, 1, 6], options: { groups: 3, strides: 2, padding: 1 } },
  { name: '1x1', x: [2, 4, 3, 8], filter: [1, 1, 4, 6], options: { groups: 2 } },
  { name: '1x1, stride 2', x: [2, 5, 4, 8], filter: [1, 1, 2, 4], options: { groups: 4, strides: 2 } },
  { name: '1x1, one group', x: [2, 4, 3, 8], filter: [1, 1, 8, 6], options: {} },
  { name: '1x1, one group, stride 2', x: [2, 5, 4, 8], filter: [1, 1, 8, 6], options: { strides: 2 } },
  { name: '5x5', x: [1, 7, 7, 4], filter: [5, 5, 2, 4], options: { groups: 2, padding: 2 } },
  { name: 'one group', x: [2, 5, 5, 3], filter: [3, 3, 3, 4], options: { padding: 1 } },
  { name: 'dilated', x: [1, 8, 7, 4], filter: [3, 3, 2, 6], options: { groups: 2, dilations: 2, padding: 'same' } },
  { name: 'dilated, numbered padding', x: [1, 8, 7, 4], filter: [3, 3, 2, 6], options: { groups: 2, dilations: [3, 2], padding: [1, 2] } },
  { name: 'dilated and strided', x: [2, 10, 9, 4], filter: [3, 2, 2, 4], options: { groups: 2, dilations: 2, strides: 2, padding: 1 } },
  { name: 'stride past a filter of one row, same', x: [1, 4, 6, 8], filter: [1, 3, 4, 8], options: { groups: 2, strides: 2, padding: 'same' } },
  { name: 'stride past a filter of one column, same, depthwise', x: [2, 6, 4, 4], filter: [3, 1, 1, 4], options: { groups: 4, strides: 2, padding: 'same' } },
  { name: 'explicit zeros that are those of same, stride past the filter', x: [1, 4, 6, 8], filter: [1, 3, 4, 8], options: { groups: 2, strides: 2, padding: [[0, 0], [0, 1]] } },
  { name: 'one column of one channel, a stride across alone', x: [2, 9, 1, 1], filter: [4, 3, 1, 3], options: { strides: [1, 2], padding: [3, 1] } },
  { name: 'columns that a stride passes over, one channel', x: [2, 9, 4, 1], filter: [2, 3, 1, 2], options: { strides: [1, 3] } },
  { name: '1x1, a stride across alone', x: [3, 11, 4, 1], filter: [1, 1, 1, 1], options: { strides: [1, 2] } },
  { name: '1x1, stride 2, a wide image', x: [3, 6, 14, 9], filter: [1, 1, 9, 6], options: { strides: 2 } },
  { name: '1x1, unequal strides between zeros', x: [1, 8, 10, 4], filter: [1, 1, 2, 4], options: { groups: 2, strides: [2, 1], padding: [[2, 2], [3, 0]] } },
  { name: 'no images', x: [0, 8, 8, 8], filter: [3, 3, 4, 16], options: { groups: 2, padding: 'same' } },
  { name: 'no images, depthwise, stride 2', x: [0, 7, 6, 4], filter: [3, 3, 1, 8], options: { groups: 4, strides: 2, padding: 1 } },
  { name: 'dilated depthwise', x: [1, 8, 8, 4], filter: [3, 3, 1, 4], options: { groups: 4, dilations: 2, strides: [1, 2], padding: 'same' } },
]; // prettier-ignore

/** For kernels of many lanes, tiles and threads: no other backend has any, and plain JavaScript would take minutes. */
export const TENSORFLOW_GEOMETRIES: NamedGeometry[] = [
  { name: 'groups of 4 channels', x: [2, 9, 7, 32], filter: [3, 3, 4, 32], options: { groups: 8, padding: 'same' } },
  { name: 'groups of 8 channels, rows of 16', x: [1, 5, 16, 48], filter: [3, 3, 8, 48], options: { groups: 6, padding: 1 } },
  { name: 'groups of 16 channels, valid, rows of 14', x: [2, 6, 16, 32], filter: [3, 3, 16, 32], options: { groups: 2 } },
  { name: 'groups of 16 channels, one pixel', x: [3, 1, 1, 16], filter: [3, 3, 16, 16], options: { padding: 1 } },
  { name: 'groups of 4 channels, stride 2, same, even', x: [2, 8, 10, 16], filter: [3, 3, 4, 16], options: { groups: 4, strides: 2, padding: 'same' } },
  { name: 'groups of 8 channels, stride 2, one zero a side', x: [2, 9, 12, 32], filter: [3, 3, 8, 32], options: { groups: 4, strides: 2, padding: 1 } },
  { name: 'groups of 16 channels, stride 2, two zeros a side', x: [1, 8, 7, 32], filter: [3, 3, 16, 32], options: { groups: 2, strides: 2, padding: 2 } },
  { name: 'groups of 8 channels, four unequal sides', x: [2, 6, 5, 16], filter: [3, 3, 8, 16], options: { groups: 2, padding: [[0, 2], [2, 1]] } },
  { name: 'groups of 4 channels, more zeros below than the filter reaches', x: [1, 4, 5, 16], filter: [3, 3, 4, 16], options: { groups: 4, padding: [[1, 4], [0, 5]], strides: 2 } },
  { name: 'groups of 8 channels, stride past the last rows', x: [2, 4, 6, 16], filter: [3, 3, 8, 16], options: { groups: 2, strides: 2 } },
  { name: 'depthwise 3x3, 32 channels, stride 2', x: [2, 9, 11, 32], filter: [3, 3, 1, 32], options: { groups: 32, strides: 2, padding: 1 } },
  { name: 'depthwise 5x5, 16 channels', x: [2, 9, 6, 16], filter: [5, 5, 1, 16], options: { groups: 16, padding: 2 } },
  { name: 'depthwise 5x5, 16 channels, stride 2, same', x: [2, 8, 9, 16], filter: [5, 5, 1, 16], options: { groups: 16, strides: 2, padding: 'same' } },
  { name: 'depthwise 7x7, 48 channels', x: [1, 10, 8, 48], filter: [7, 7, 1, 48], options: { groups: 48, padding: 3 } },
  { name: 'depthwise 7x7, 16 channels, stride 2', x: [1, 11, 12, 16], filter: [7, 7, 1, 16], options: { groups: 16, strides: 2, padding: 3 } },
  { name: 'a large image of 4 channels a group', x: [1, 70, 45, 16], filter: [3, 3, 4, 16], options: { groups: 4, padding: 1 } },
  { name: 'many small images', x: [40, 4, 4, 16], filter: [3, 3, 8, 16], options: { groups: 2, padding: 1 } },
  { name: '3x3 of 32 channels, same', x: [2, 9, 7, 32], filter: [3, 3, 32, 64], options: { padding: 'same' } },
  { name: '3x3 of 64 channels, valid', x: [1, 6, 10, 64], filter: [3, 3, 64, 32], options: {} },
  { name: '3x3 of 32 channels, two zeros a side', x: [2, 5, 6, 32], filter: [3, 3, 32, 32], options: { padding: 2 } },
  { name: '3x3 of 32 channels, four unequal sides', x: [1, 5, 6, 32], filter: [3, 3, 32, 32], options: { padding: [[0, 2], [1, 0]] } },
  { name: '3x3 of 32 channels, many tiles', x: [20, 22, 21, 32], filter: [3, 3, 32, 32], options: { padding: 1 } },
  { name: '3x3 of 32 channels, stride 2, same, even', x: [2, 10, 8, 32], filter: [3, 3, 32, 64], options: { strides: 2, padding: 'same' } },
  { name: '3x3 of 64 channels, stride 2, one zero a side', x: [2, 11, 16, 64], filter: [3, 3, 64, 32], options: { strides: 2, padding: 1 } },
  { name: '3x3 of 32 channels, stride 2, two zeros a side', x: [1, 7, 9, 32], filter: [3, 3, 32, 32], options: { strides: 2, padding: 2 } },
  { name: '3x3 of 32 channels, stride 2, four unequal sides', x: [2, 9, 18, 32], filter: [3, 3, 32, 32], options: { strides: 2, padding: [[1, 3], [2, 0]] } },
  { name: '3x3 of 32 channels, stride 2 past the last rows', x: [1, 18, 10, 32], filter: [3, 3, 32, 32], options: { strides: 2 } },
  { name: '3x3 of 96 channels, stride 2, many tiles', x: [14, 21, 23, 96], filter: [3, 3, 96, 64], options: { strides: 2, padding: 1 } },
  { name: '3x3 of 128 channels of small images', x: [36, 4, 4, 128], filter: [3, 3, 128, 160], options: { padding: 1 } },
  { name: '3x3 of 32 channels, tiles that no range divides', x: [3, 30, 29, 160], filter: [3, 3, 160, 32], options: { padding: 1 } },
]; // prettier-ignore
