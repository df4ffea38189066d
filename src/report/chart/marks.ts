import type { Frame } from './frame.ts';
import { type Attributes, element, textAt } from './svg.ts';

export type Point = readonly [x: number, y: number];

/** Draws a line through points, in their order. */
export function lineThrough(
  { x, y }: Frame,
  points: readonly Point[],
  { stroke, width = 1.8, ...others }: Attributes & { readonly stroke: string; width?: number },
): string {
  if (points.length < 2) return '';
  const place = (value: number) => Number(value.toFixed(2));
  const path = points.map(([a, b]) => `${place(x(a))},${place(y(b))}`).join('L');
  const line = { d: `M${path}`, fill: 'none', stroke, 'stroke-width': width, ...others };
  return element('path', { ...line, 'stroke-linejoin': 'round' });
}

/** Draws a dot at each point. */
export const dotsAt = (
  { x, y }: Frame,
  points: readonly Point[],
  attributes: Attributes & { readonly r: number },
): string =>
  points.map(([a, b]) => element('circle', { cx: x(a), cy: y(b), ...attributes })).join('');

/** Draws a vertical line between two values. */
export const stem = (
  { x, y }: Frame,
  at: number,
  [low, high]: readonly [number, number],
  attributes: Attributes,
): string => element('line', { x1: x(at), x2: x(at), y1: y(low), y2: y(high), ...attributes });

/** A name with its colour. */
export interface Name {
  readonly name: string;
  readonly colour: string;
}

/** Names in the colours of their lines, in a corner at the top of a panel. */
export function legend(
  { box }: Frame,
  names: readonly Name[],
  corner: 'left' | 'right' = 'left',
): string {
  const [x, anchor] =
    corner === 'left' ? ([box.left + 8, 'start'] as const) : ([box.right - 8, 'end'] as const);
  const halo = { stroke: 'white', 'stroke-width': 4, 'paint-order': 'stroke' };
  return names
    .map(({ name, colour }, i) =>
      textAt(x, box.top + 12 + 14 * i, `━ ${name}`, {
        ...halo,
        anchor,
        fill: colour,
        'font-weight': 600,
      }),
    )
    .join('');
}
