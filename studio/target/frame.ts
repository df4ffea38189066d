/** The plane on a canvas: y up, the origin in the middle. */
import type { Point } from './fields.ts';

export interface Frame {
  /** From the plane to the canvas and back. */
  readonly x: (x: number) => number;
  readonly y: (y: number) => number;
  readonly place: (at: Point) => Point;
  /** Pixels of one unit of x. */
  readonly scale: number;
}

/** The square of half side `radius` in a canvas. */
export function frameOf(
  radius: number,
  { width, height }: { readonly width: number; readonly height: number },
): Frame {
  const scale = Math.min(width, height) / (2 * radius);
  return {
    x: (x) => width / 2 + scale * x,
    y: (y) => height / 2 - scale * y,
    place: ([px, py]) => [(px - width / 2) / scale, (height / 2 - py) / scale],
    scale,
  };
}
