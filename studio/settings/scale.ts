/** From a slider's position to a value and back. */

/**
 * How values lie along a slider.
 *
 * - `linear`: evenly.
 * - `log`: by their logarithm; the least is above 0.
 * - `root`: by their cube root, for what reaches from 0 over orders of magnitude.
 * - `nines`: by the logarithm of their distance from 1, for shares such as 0.99 and 0.999.
 */
export type Scale = 'linear' | 'log' | 'root' | 'nines';

export interface SliderRange {
  readonly min: number;
  readonly max: number;
  readonly scale: Scale;
  /** Spacing of values on a linear scale. */
  readonly step: number;
  /** Whether values are whole numbers. */
  readonly whole: boolean;
}

/** Positions of a slider whose scale is not linear: an arrow key makes a step that is worth it. */
export const POSITIONS = 200;

/** Returns the slider's position of a value, within the range. */
export function positionOf(value: number, { min, max, scale }: SliderRange): number {
  const within = Math.min(max, Math.max(min, value));
  if (scale === 'linear') return within;
  const [from, to, at] = [min, max, within].map((x) => warp(x, scale)) as [number, number, number];
  return (POSITIONS * (at - from)) / (to - from);
}

/** Returns the value at a position, rounded to three digits. */
export function valueAt(position: number, range: SliderRange): number {
  const { min, max, scale } = range;
  if (scale === 'linear') return clean(position, range);
  const share = position / POSITIONS;
  const [from, to] = [warp(min, scale), warp(max, scale)];
  const value = unwarp(from + share * (to - from), scale);
  const rounded =
    scale === 'nines' ? 1 - Number((1 - value).toPrecision(2)) : Number(value.toPrecision(3));
  return clean(rounded, range);
}

/** Returns the nearest value that the range allows. */
export function clean(value: number, { min, max, scale, step, whole }: SliderRange): number {
  const spaced = scale === 'linear' ? min + Math.round((value - min) / step) * step : value;
  const within = Math.min(max, Math.max(min, whole ? Math.round(spaced) : spaced));
  // Sums of steps such as 0.1 carry digits that nobody meant.
  return Number(within.toPrecision(10));
}

function warp(value: number, scale: Scale): number {
  if (scale === 'log') return Math.log(value);
  return scale === 'root' ? Math.cbrt(value) : -Math.log(1 - value);
}

function unwarp(at: number, scale: Scale): number {
  if (scale === 'log') return Math.exp(at);
  return scale === 'root' ? at ** 3 : 1 - Math.exp(-at);
}
