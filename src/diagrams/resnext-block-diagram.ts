import type * as tf from '@tensorflow/tfjs';
import { arrow } from './arrow';
import { type FormBox, type FormGap, type FormLayout, LAST_ROW, formLayout } from './block-form-layout';
import {
  type BlockForm,
  type BlockFormName,
  type ResNeXtBlock,
  blockForms,
  readResNeXtBlock,
} from './resnext-block';
import { type SvgElement, element, svgDocument } from './svg';
import { LINE_HEIGHT, counted, sizeText, textLine, textWidth, widest } from './text';
import { groupClass } from './theme';

const MARGIN = 20;
const PANEL_GAP = 36;
const BOX_HEIGHT = 28;
const ROW = 58;
/** A strip of more colours than this is not read any more. */
const MOST_COLORS = 32;
const HEAD = MARGIN + LINE_HEIGHT + 20;

const TITLES: Readonly<Record<BlockFormName, string>> = {
  split: '(a) Split and add',
  concat: '(b) Split and concatenate',
  grouped: '(c) Grouped convolution',
};

/**
 * A picture of a block of a model in its three equal forms, as an SVG file: paths that are added, paths that are put
 * together, and one grouped convolution. All counts and sizes are read from the model's layers.
 *
 * Of more than four paths the first two and the last are drawn, and it is written how many there are.
 *
 * Source: Xie et al., arXiv:1611.05431, figure 3.
 *
 * @param name what the names of the block's layers begin with, such as `layer1.0`
 * @throws InvalidArgumentError as {@link readResNeXtBlock}
 *
 * @example
 * resnextBlockDiagram(createModel('resnext_toy'), 'layer1.0'); // '<svg …'
 */
export function resnextBlockDiagram(model: tf.LayersModel, name: string): string {
  const block = readResNeXtBlock(model, name);
  const panels = blockForms(block).map((form): Panel => {
    const layout = formLayout(block, form);
    const texts = [
      textWidth(TITLES[form.name], 'title'),
      textWidth(counted(form.weights, 'weight'), 'strong'),
    ];
    return { form, layout, width: Math.max(layout.right - layout.left, ...texts) };
  });
  const notes = notesOf(model.name, block);
  const inner = panels.reduce((sum, { width }) => sum + width + PANEL_GAP, -PANEL_GAP);
  const width = Math.max(inner, widest(notes, 'small')) + 2 * MARGIN;
  const bottom = rowY(LAST_ROW) + BOX_HEIGHT + 2 * LINE_HEIGHT;
  const content: SvgElement[] = [];
  let left = (width - inner) / 2;
  for (const panel of panels) {
    content.push(drawnPanel(panel, left));
    left += panel.width + PANEL_GAP;
  }
  return svgDocument({
    width,
    height: bottom + notes.length * LINE_HEIGHT + MARGIN - LINE_HEIGHT / 2,
    title: `${model.name} ${name}: one block in three equal forms`,
    description: panels.map(({ form }) => describedForm(form)).join(' '),
    content: [
      ...content,
      ...notes.map((text, index) =>
        textLine(text, {
          x: width / 2,
          y: bottom + (index + 0.5) * LINE_HEIGHT,
          style: 'small',
          muted: true,
        }),
      ),
    ],
  });
}

interface Panel {
  readonly form: BlockForm;
  readonly layout: FormLayout;
  readonly width: number;
}

function describedForm({ name, convolutions, weights }: BlockForm): string {
  const steps = convolutions.map(({ inChannels, outChannels, kernelSize, groups, times }) => {
    const inGroups = groups === 1 ? '' : ` in ${groups} groups`;
    return `${times === 1 ? '' : `${times} times `}${sizeText(kernelSize)} ${inChannels} to ${outChannels} channels${inGroups}`;
  });
  return `${TITLES[name]}: ${steps.join(', then ')}; ${counted(weights, 'weight')}.`;
}

function notesOf(model: string, { name, convolutions: [, { spec }], projection }: ResNeXtBlock): string[] {
  const stride = Math.max(...spec.strides);
  const strided =
    stride === 1 ? '' : `; the ${sizeText([spec.filterHeight, spec.filterWidth])} has stride ${stride}`;
  const shortcut = projection === undefined ? 'the input itself' : 'a 1x1 convolution of the input';
  return [
    `${model} ${name}. In each box: input channels, filter, output channels${strided}.`,
    `Beside the branch the shortcut, ${shortcut}.`,
  ];
}

/** The middle of a row. */
function rowY(row: number): number {
  return HEAD + row * ROW + BOX_HEIGHT / 2;
}

function drawnPanel({ form, layout, width }: Panel, left: number): SvgElement {
  const middle = left + width / 2;
  const x = middle - (layout.left + layout.right) / 2;
  return element(
    'g',
    { class: 'panel', 'data-form': form.name },
    textLine(TITLES[form.name], { x: middle, y: MARGIN + LINE_HEIGHT / 2, style: 'title' }),
    ...layout.arrows.map(({ from, to, path }) => drawnArrow(from, to, path, x)),
    drawnShortcut(layout, x),
    ...[...layout.boxes, ...(layout.shortcut.box === undefined ? [] : [layout.shortcut.box])].map((box) =>
      drawnBox(box, x),
    ),
    ...layout.gaps.flatMap((gap) => drawnGap(gap, x)),
    textLine(counted(form.weights, 'weight'), {
      x: middle,
      y: rowY(LAST_ROW) + BOX_HEIGHT / 2 + 8 + LINE_HEIGHT,
      style: 'strong',
    }),
  );
}

function drawnBox({ kind, text, x, row, width, path, groups }: FormBox, left: number): SvgElement {
  const place = { x: left + x - width / 2, y: rowY(row) - BOX_HEIGHT / 2, width, height: BOX_HEIGHT };
  const line = path === undefined ? '' : ` ${groupClass('line', path)}`;
  const hasStrip = groups !== undefined && groups <= MOST_COLORS;
  return element(
    'g',
    { class: kind, 'data-path': path, 'data-groups': groups },
    element('rect', {
      class: `${kind === 'value' ? 'node' : 'box'}${line}`,
      ...place,
      rx: kind === 'value' ? BOX_HEIGHT / 2 : 5,
    }),
    ...(hasStrip ? strip(groups, place.x + 6, place.y + BOX_HEIGHT - 5, width - 12) : []),
    textLine(text, { x: left + x, y: rowY(row) - (hasStrip ? 2 : 0) }),
  );
}

/** A colour for each group, side by side. */
function strip(groups: number, x: number, y: number, width: number): SvgElement[] {
  const each = width / groups;
  return Array.from({ length: groups }, (_, group) =>
    element('rect', {
      class: groupClass('fill', group),
      x: x + group * each,
      y,
      width: Math.max(each - 1, each / 2),
      height: 2.5,
    }),
  );
}

function drawnGap({ text, x, rows }: FormGap, left: number): SvgElement[] {
  const dots = rows.flatMap((row) =>
    [-8, 0, 8].map((offset) =>
      element('circle', { class: 'plain-fill', cx: left + x + offset, cy: rowY(row), r: 1.8 }),
    ),
  );
  const between = (rows[0] + rows[1]) / 2;
  return [...dots, textLine(text, { x: left + x, y: rowY(between), style: 'small', muted: true })];
}

function drawnArrow(from: FormBox, to: FormBox, path: number | undefined, left: number): SvgElement {
  // Arrows of many paths leave and reach a box side by side.
  const at = (box: FormBox, other: FormBox) => {
    const reach = box.width / 2 - 12;
    return left + box.x + Math.max(-reach, Math.min(reach, (other.x - box.x) * 0.2));
  };
  const start = [at(from, to), rowY(from.row) + BOX_HEIGHT / 2] as const;
  const end = [at(to, from), rowY(to.row) - BOX_HEIGHT / 2] as const;
  return arrow([start, end], path === undefined ? 'plain' : path);
}

/** Out of the right of the input, down beside the branch, into the right of the sum. */
function drawnShortcut({ input, sum, shortcut }: FormLayout, left: number): SvgElement {
  const x = left + shortcut.x;
  const corners = [
    [left + input.x + input.width / 2, rowY(0)],
    [x, rowY(0)],
    [x, rowY(LAST_ROW)],
    [left + sum.x + sum.width / 2, rowY(LAST_ROW)],
  ] as const;
  return element('g', { class: 'shortcut' }, arrow(corners, 'plain'));
}
