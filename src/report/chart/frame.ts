import { element, textAt } from './svg.ts';
import { linearTicks, logTicks, shortNumber } from './ticks.ts';

export interface AxisOptions {
  /** Least and largest value; where they are equal, the axis is widened about them. */
  readonly domain: readonly [number, number];
  readonly log?: boolean;
  /** None for a panel beside one that has it. */
  readonly label?: string;
  /** Default: about five round numbers. */
  readonly ticks?: readonly number[];
  /** Default: short, with k and M. */
  readonly format?: (value: number) => string;
  readonly grid?: boolean;
  /** Pixels that stay free at the axis' low and high end. Default none. */
  readonly inset?: readonly [number, number];
  /** Whether ticks are without numbers, in a panel beside one that has them. */
  readonly bare?: boolean;
}

/** Where a panel lies in its drawing, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A panel to draw into: where values lie, and its axes as SVG. */
export interface Frame {
  readonly box: Box;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly axes: string;
}

interface FrameOptions {
  readonly box: Box;
  readonly x: AxisOptions;
  readonly y: AxisOptions;
}

/** Finds the least and largest of values; limits that any axis can have, where there are none. */
export function extent(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0.1, 1];
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}

/** Lays out a panel's axes, numbers below and at its left. */
export function frame({ box, x: across, y: up }: FrameOptions): Frame {
  const x = scale(across, box.left, box.right);
  const y = scale(up, box.bottom, box.top);
  return { box, x, y, axes: xAxis(across, x, box) + yAxis(up, y, box) };
}

/** Where the values of an axis lie, from pixel `low` to pixel `high`. */
function scale({ domain, log = false, inset = [0, 0] }: AxisOptions, low: number, high: number) {
  const direction = Math.sign(high - low);
  const [from, to] = [low + direction * inset[0], high - direction * inset[1]];
  const along = log ? Math.log : (value: number) => value;
  const [first, last] = widened(domain, log).map(along) as [number, number];
  return (value: number) => from + ((along(value) - first) / (last - first)) * (to - from);
}

function widened([low, high]: readonly [number, number], log: boolean): [number, number] {
  if (high > low) return [low, high];
  if (log) return [low / 1.5, low * 1.5];
  const margin = Math.abs(low) / 2 || 1;
  return [low - margin, low + margin];
}

/** Ticks of an axis with what is written at each. */
function ticksOf({ domain, log = false, ticks, format = shortNumber }: AxisOptions) {
  const [low, high] = widened(domain, log);
  const values = ticks ?? (log ? logTicks(low, high) : linearTicks(low, high, 5));
  return values.map((value) => ({ value, text: format(value) }));
}

const gridLine = { stroke: 'currentColor', 'stroke-opacity': 0.12 };
const tickLine = { stroke: 'currentColor' };

function xAxis(options: AxisOptions, x: Frame['x'], { left, top, right, bottom }: Box): string {
  const { grid, label, bare } = options;
  const marks = ticksOf(options).map(({ value, text }) => {
    const [x1, x2] = [x(value), x(value)];
    return (
      (grid ? element('line', { x1, x2, y1: top, y2: bottom, ...gridLine }) : '') +
      element('line', { x1, x2, y1: bottom, y2: bottom + 5, ...tickLine }) +
      (bare ? '' : textAt(x1, bottom + 16, text, { anchor: 'middle' }))
    );
  });
  const name = label ? textAt((left + right) / 2, bottom + 31, label, { anchor: 'middle' }) : '';
  return marks.join('') + name;
}

function yAxis(options: AxisOptions, y: Frame['y'], { left, top, right }: Box): string {
  const { grid, label, bare } = options;
  const marks = ticksOf(options).map(({ value, text }) => {
    const [y1, y2] = [y(value), y(value)];
    return (
      (grid ? element('line', { x1: left, x2: right, y1, y2, ...gridLine }) : '') +
      (bare ? '' : element('line', { x1: left - 5, x2: left, y1, y2, ...tickLine })) +
      (bare ? '' : textAt(left - 8, y1 + 3.5, text, { anchor: 'end' }))
    );
  });
  const name = label ? textAt(4, top - 10, label, { anchor: 'start' }) : '';
  return marks.join('') + name;
}
