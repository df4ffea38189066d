/** Painting what is learned of a density of the plane. */
import type { Arrow } from '../../target/field.ts';
import type { Frame } from '../../target/frame.ts';
import { arrow, type Palette } from '../../target/paint.ts';
import type { JumpLine } from './comparison.ts';

/** Dots at points `[n, 2]`. */
export function paintDots(
  context: CanvasRenderingContext2D,
  { x, y }: Frame,
  points: ArrayLike<number>,
  { colour, radius, alpha }: { colour: string; radius: number; alpha: number },
): void {
  context.fillStyle = colour;
  context.globalAlpha = alpha;
  context.beginPath();
  for (let k = 0; k + 1 < points.length; k += 2) {
    const [px, py] = [x(points[k]!), y(points[k + 1]!)];
    context.moveTo(px + radius, py);
    context.arc(px, py, radius, 0, 2 * Math.PI);
  }
  context.fill();
  context.globalAlpha = 1;
}

/** Arrows of a score. */
export function paintScore(
  context: CanvasRenderingContext2D,
  { x, y }: Frame,
  arrows: readonly Arrow[],
  { colour, width }: { colour: string; width: number },
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (const { from, to } of arrows) {
    arrow(context, [x(from[0]), y(from[1])], [x(to[0]), y(to[1])]);
  }
  context.stroke();
}

/** Lines from ȳ, an open ring, to ν(ȳ), a dot. */
export function paintJumps(
  context: CanvasRenderingContext2D,
  { x, y }: Frame,
  jumps: readonly JumpLine[],
  { third, panel }: Palette,
): void {
  context.strokeStyle = third;
  context.lineWidth = 1.3;
  context.beginPath();
  for (const [[ax, ay], [bx, by]] of jumps) {
    context.moveTo(x(ax), y(ay));
    context.lineTo(x(bx), y(by));
  }
  context.stroke();
  for (const [[ax, ay], [bx, by]] of jumps) {
    context.beginPath();
    context.arc(x(ax), y(ay), 2.6, 0, 2 * Math.PI);
    context.fillStyle = panel;
    context.fill();
    context.stroke();
    context.beginPath();
    context.arc(x(bx), y(by), 2.4, 0, 2 * Math.PI);
    context.fillStyle = third;
    context.fill();
  }
}
