import { check } from '../errors';
import { formArithmetic } from './arithmetic';
import { type Bundle, type Connectivity, type Link, connectivityOf, sizeOf } from './connectivity';
import {
  type Geometry,
  type Mark,
  bandText,
  bundleLines,
  gapText,
  geometryOf,
} from './connectivity-geometry';
import { type ConvolutionForm, formTitle } from './convolution-form';
import { type SvgElement, element, rounded, svgDocument } from './svg';
import { LINE_HEIGHT, counted, sizeText, textLine, textWidth, widest, withCommas } from './text';
import { groupClass } from './theme';

const MARGIN = 20;
const PANEL_GAP = 40;
const HEADING = 26;

/**
 * A picture of which channels of a convolution read which, as an SVG file: channels as nodes, connections as lines, groups
 * in colours, parameters and multiply-accumulates below. Several forms stand side by side.
 *
 * Up to 32 channels everything is drawn; more are condensed as {@link connectivityOf} says. What is written in brackets is
 * the share of the standard convolution with the same channels.
 *
 * @param forms at least one, of {@link convolutionForm} and its like
 *
 * @example
 * connectivityDiagram(alternativeForms({ inChannels: 8, outChannels: 16, groups: 2 })); // '<svg …'
 */
export function connectivityDiagram(...forms: readonly ConvolutionForm[]): string {
  const isList = Array.isArray(forms[0]);
  check(
    forms.length > 0 && !isList,
    'forms',
    'one form or more, one argument each',
    isList ? forms[0] : 'none',
  );
  const panels = forms.map(panelOf);
  const inner = Math.max(...panels.map(({ geometry }) => geometry.height));
  const head = MARGIN + 2 * LINE_HEIGHT + 10 + HEADING;
  const content: SvgElement[] = [];
  let left = MARGIN;
  for (const panel of panels) {
    content.push(drawnPanel(panel, left, head, inner));
    left += panel.width + PANEL_GAP;
  }
  const hasShares = forms.some(({ kind }) => kind !== 'standard');
  const below = head + inner + 14 + 2 * LINE_HEIGHT;
  const width = Math.max(left - PANEL_GAP + MARGIN, hasShares ? textWidth(SHARES, 'small') + 2 * MARGIN : 0);
  if (hasShares) {
    content.push(textLine(SHARES, { x: width / 2, y: below + 14, style: 'small', muted: true }));
  }
  return svgDocument({
    width,
    height: below + (hasShares ? 14 + LINE_HEIGHT / 2 : 0) + MARGIN - LINE_HEIGHT / 2,
    title: forms.map(formTitle).join('; '),
    description: forms.map(describedForm).join(' '),
    content,
  });
}

const SHARES = '(share of the standard convolution)';

/** What a picture of a form says, as one sentence. */
function describedForm(form: ConvolutionForm): string {
  const steps = formArithmetic(form).steps.map(
    ({ kernelSize, inChannels, outChannels, groups, connections }) => {
      const channels = `${sizeText(kernelSize)}, ${inChannels} to ${counted(outChannels, 'channel')}`;
      return `${channels} in ${counted(groups, 'group')}, ${counted(connections.result, 'connection')}`;
    },
  );
  return `${formTitle(form)}: ${steps.join(', then ')}; ${captionOf(form).join(', ')}.`;
}

interface Panel {
  readonly form: ConvolutionForm;
  readonly connectivity: Connectivity;
  readonly geometry: Geometry;
  readonly width: number;
}

function panelOf(form: ConvolutionForm): Panel {
  const connectivity = connectivityOf(form);
  const geometry = geometryOf(connectivity);
  const texts = [
    textWidth(formTitle(form), 'title'),
    widest([subtitleOf(form), ...captionOf(form)], 'strong'),
  ];
  return { form, connectivity, geometry, width: Math.max(geometry.width, ...texts) };
}

function subtitleOf({ kind, steps: [{ spec }] }: ConvolutionForm): string {
  const kernel = sizeText([spec.filterHeight, spec.filterWidth]);
  switch (kind) {
    case 'standard':
      return `${kernel}, all channels mixed`;
    case 'grouped':
      return `${kernel}, mixed within each group`;
    case 'depthwise':
      return `${kernel}, each channel by itself`;
    case 'depthwise separable':
      return `${kernel} by channel, then 1x1`;
  }
}

function captionOf(form: ConvolutionForm): [parameters: string, macs: string] {
  const [{ spec }] = form.steps;
  const { share } = formArithmetic(form);
  const shared = (figure: 'parameters' | 'macs') =>
    form.kind === 'standard' ? '' : ` (${percent(share[figure])})`;
  const [vertical, horizontal] = spec.strides;
  const stride = vertical === horizontal ? `${vertical}` : sizeText(spec.strides);
  const strided = stride === '1' ? '' : `, stride ${stride}`;
  return [
    `${counted(form.parameters, 'parameter')}${shared('parameters')}`,
    `${withCommas(form.macs)} MACs at ${sizeText([spec.inHeight, spec.inWidth])}${strided}${shared('macs')}`,
  ];
}

/** Whole percents; tenths below ten. */
function percent(share: number): string {
  return `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
}

function drawnPanel(
  { form, connectivity, geometry, width }: Panel,
  left: number,
  top: number,
  inner: number,
): SvgElement {
  const middle = left + width / 2;
  const x = middle - geometry.width / 2;
  const y = top + (inner - geometry.height) / 2;
  const below = top + inner + 14 + LINE_HEIGHT / 2;
  const [parameters, macs] = captionOf(form);
  const moved = geometry.marks.map((mark): Mark => ({ ...mark, x: x + mark.x, y: y + mark.y }));
  return element(
    'g',
    { class: 'panel', 'data-kind': form.kind },
    textLine(formTitle(form), { x: middle, y: MARGIN + LINE_HEIGHT / 2, style: 'title' }),
    textLine(subtitleOf(form), { x: middle, y: MARGIN + 1.5 * LINE_HEIGHT, muted: true }),
    ...geometry.columns.map((column, index) =>
      textLine(counted(connectivity.channels[index], 'channel'), {
        x: x + column,
        y: top - HEADING / 2 - 2,
        style: 'small',
        muted: true,
      }),
    ),
    ...drawnLinks(connectivity.links, moved),
    ...moved.map(drawnMark),
    ...geometry.gaps.flatMap(({ lane, y: gapY }) => [
      ...geometry.columns.slice(0, 2).flatMap((column) => dots(x + column, y + gapY)),
      textLine(gapText(lane), {
        x: x + (geometry.columns[0] + geometry.columns[1]) / 2,
        y: y + gapY,
        style: 'small',
        muted: true,
      }),
    ]),
    textLine(parameters, { x: middle, y: below, style: 'strong' }),
    textLine(macs, { x: middle, y: below + LINE_HEIGHT }),
  );
}

/** One path for the lines of a group, one for each band. */
function drawnLinks(links: readonly Link[], marks: readonly Mark[]): SvgElement[] {
  const find = (column: number, { first, last }: Bundle) =>
    marks.filter((mark) => mark.column === column && mark.bundle.first >= first && mark.bundle.last <= last);
  const isBand = ({ from, to }: Link) => sizeOf(from) > 1 || sizeOf(to) > 1;
  const lines = new Map<string, { link: Link; d: string[] }>();
  for (const link of links.filter((one) => !isBand(one))) {
    const [[from], [to]] = [find(link.step, link.from), find(link.step + 1, link.to)];
    const key = `${link.step} ${link.group}`;
    const path = lines.get(key) ?? { link, d: [] };
    lines.set(key, path);
    path.d.push(`M${rounded(from.x)} ${rounded(from.y)}L${rounded(to.x)} ${rounded(to.y)}`);
  }
  // The more lines, the lighter each.
  const isDense = links.length > 160;
  return [
    ...[...lines.values()].map(({ link: { step, group }, d }) =>
      element('path', {
        class: `connections ${step === 0 ? groupClass('line', group) : 'plain'}`,
        'data-step': step,
        'data-group': group,
        fill: 'none',
        'stroke-width': isDense ? 0.7 : 1,
        'stroke-opacity': isDense ? 0.5 : 0.75,
        d: d.join(''),
      }),
    ),
    ...links
      .filter(isBand)
      .map((link) => drawnBand(link, find(link.step, link.from), find(link.step + 1, link.to))),
  ];
}

/** From the whole height of one bundle, or of a column of nodes, to that of the other: each with each. */
function drawnBand(
  { step, group, from, to }: Link,
  sources: readonly Mark[],
  targets: readonly Mark[],
): SvgElement {
  const edges = (marks: readonly Mark[]) => ({
    x: marks[0].x,
    halfWidth: Math.max(...marks.map(({ halfWidth }) => halfWidth)),
    top: Math.min(...marks.map(({ y, halfHeight }) => y - halfHeight)),
    bottom: Math.max(...marks.map(({ y, halfHeight }) => y + halfHeight)),
  });
  const [source, target] = [edges(sources), edges(targets)];
  const [left, right] = [source.x + source.halfWidth + 3, target.x - target.halfWidth - 3];
  const corners = [[left, source.top], [right, target.top], [right, target.bottom], [left, source.bottom]]; // prettier-ignore
  return element(
    'g',
    {
      class: 'band',
      'data-step': step,
      'data-group': group,
      'data-from': `${from.first}-${from.last}`,
      'data-to': `${to.first}-${to.last}`,
    },
    element('path', {
      class: step === 0 ? groupClass('fill', group) : 'plain-fill',
      'fill-opacity': 0.22,
      d: `M${corners.map((corner) => corner.map(rounded).join(' ')).join('L')}Z`,
    }),
    textLine(bandText(from, to), {
      x: (left + right) / 2,
      y: (source.top + source.bottom + target.top + target.bottom) / 4,
      style: 'small',
    }),
  );
}

function drawnMark({ bundle, column, group, x, y, halfWidth, halfHeight }: Mark): SvgElement {
  const data = { 'data-column': column, 'data-group': group };
  const fill = group === undefined ? 'plain-fill' : groupClass('fill', group);
  if (bundle.first === bundle.last) {
    return element('circle', {
      class: `channel ${fill}`,
      ...data,
      'data-channel': bundle.first,
      cx: x,
      cy: y,
      r: halfHeight,
    });
  }
  const line = group === undefined ? 'plain' : groupClass('line', group);
  const [count, range] = bundleLines(bundle);
  const box = { x: x - halfWidth, y: y - halfHeight, width: 2 * halfWidth, height: 2 * halfHeight, rx: 7 };
  return element(
    'g',
    { class: 'bundle', ...data, 'data-channels': `${bundle.first}-${bundle.last}` },
    element('rect', { class: `box ${line}`, ...box }),
    textLine(count, { x, y: y - 7.5, style: 'strong' }),
    textLine(range, { x, y: y + 8, style: 'small', muted: true }),
  );
}

function dots(x: number, y: number): SvgElement[] {
  return [-8, 0, 8].map((offset) =>
    element('circle', { class: 'plain-fill', cx: x, cy: y + offset, r: 1.8 }),
  );
}
