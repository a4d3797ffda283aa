import type { ImageShape, ParamCount } from '../inspect/inspect-model';
import type { ModelOutline, OutlineNode, OutlinePart } from './outline';
import { type TextStyle, counted, textWidth, withCommas } from './text';

/** A line of text as it is written into a box. */
export interface Line {
  readonly text: string;
  readonly style: TextStyle;
  readonly muted?: boolean;
}

/**
 * A shape as it is written.
 *
 * @example
 * shapeText([32, 32, 64]); // '32x32x64'
 */
export function shapeText(shape: ImageShape): string {
  const isOne = (lengths: ImageShape): lengths is readonly (number | null)[] => !Array.isArray(lengths[0]);
  if (isOne(shape)) return shape.map((length) => length ?? '?').join('x');
  return shape.map(shapeText).join(', ');
}

/** What stands above a model. */
export function headingOf({ name, inputShape, params, macs }: ModelOutline): Line[] {
  return [
    { text: name, style: 'title' },
    { text: `images of ${shapeText(inputShape)}`, style: 'normal', muted: true },
    { text: costText({ params, macs }), style: 'normal', muted: true },
  ];
}

/** Parameters and multiply-accumulates, as far as there are any. */
export function costText(part: Pick<OutlinePart, 'params' | 'macs'>): string {
  return costLines(part).join(', ');
}

/** The same, a line each. */
export function costLines({ params, macs }: Pick<OutlinePart, 'params' | 'macs'>): string[] {
  return [
    ...(params.total > 0 ? [paramText(params)] : []),
    ...(macs > 0 ? [`${withCommas(macs)} MACs`] : []),
  ];
}

/**
 * Parameters as they are written: those that are trained, as torchvision counts, and where batch norm's statistics or frozen
 * weights come to it, all of them.
 *
 * @example
 * paramText({ trainable: 512, nonTrainable: 64, total: 576 }); // '576 parameters (512 trainable)'
 */
export function paramText({ trainable, total }: ParamCount): string {
  const all = counted(total, 'parameter');
  return trainable === total ? all : `${all} (${withCommas(trainable)} trainable)`;
}

/** What is written in a node. */
export function linesOf(node: OutlineNode, { detail, blocks }: ModelOutline): Line[] {
  const { kind, operations, outputShape, layers } = node;
  const shape: Line = { text: shapeText(outputShape), style: 'normal', muted: true };
  if (kind === 'input') return [{ text: operations[0], style: 'strong' }, shape];
  if (kind === 'join') return operations.map((text): Line => ({ text, style: 'strong' }));
  const isRepeated = blocks.some(({ name, repeats }) => name === node.block && repeats > 1);
  const cost = costText(node) + (isRepeated ? ' each' : '');
  const lines = operations.map((text): Line => ({ text, style: 'normal' }));
  const costs: Line[] = costText(node) === '' ? [] : [{ text: cost, style: 'small', muted: true }];
  if (detail === 'blocks') return [...lines, ...costs];
  const name = detail === 'layers' ? layers[0] : (node.stage as string);
  return [{ text: name, style: 'strong' }, ...lines, shape, ...costs];
}

/** The width of the widest line, in pixels. */
export function widthOf(lines: readonly Line[]): number {
  return Math.max(0, ...lines.map(({ text, style }) => textWidth(text, style)));
}

/** An outline in sentences, for who cannot see the picture. */
export function describedOutline({ name, inputShape, params, macs, stages, blocks }: ModelOutline): string {
  const parts = stages.map((stage) => {
    const count = blocks
      .filter((block) => block.stage === stage.name)
      .reduce((sum, { repeats }) => sum + repeats, 0);
    const cost = costText(stage);
    return `${stage.name}${count === 0 ? '' : ` of ${counted(count, 'block')}`}: ${shapeText(stage.outputShape)} out${cost === '' ? '' : `, ${cost}`}.`;
  });
  return `${name} for images of ${shapeText(inputShape)}, ${costText({ params, macs })}. ${parts.join(' ')}`;
}
