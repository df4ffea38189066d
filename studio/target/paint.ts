/** Painting a field on a canvas, in the colours of the page. */
import { cssColour, type Theme } from '../theme.svelte.ts';
import type { FieldPicture, Rings } from './field.ts';
import type { Frame } from './frame.ts';
import { ROOM, tickStep } from './ticks.ts';

const names = ['text', 'muted', 'line', 'panel', 'accent', 'second', 'third', 'error'] as const;

/** Colours of the page by the names of its properties. */
export type Palette = Readonly<Record<(typeof names)[number], string>>;

/**
 * The page's colours in the theme that it shows now, which is given so that a change asks again.
 */
export const paletteOf = (_shown: Theme): Palette =>
  Object.fromEntries(names.map((name) => [name, cssColour(`--${name}`)])) as Palette;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Paints levels, contours, a scale, and the score's arrows where they are wanted. */
export function paintField(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  frame: Frame,
  colours: Palette,
  picture: FieldPicture | undefined,
  { arrows = true, radius }: { readonly arrows?: boolean; readonly radius: number },
): void {
  context.save();
  context.fillStyle = colours.panel;
  context.fillRect(0, 0, width, height);
  if (picture) paintRegions(context, frame, colours, picture.regions);
  if (picture && arrows) paintArrows(context, frame, colours, picture.arrows);
  paintScale(context, { width, height }, frame, colours, radius);
  context.restore();
}

/** Levels lie one in the other: a thin layer each adds up to a scale. */
export function paintRegions(
  context: CanvasRenderingContext2D,
  frame: Frame,
  colours: Palette,
  regions: readonly Rings[],
): void {
  const paths = regions.map((rings) => pathOf(rings, frame));
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.095;
  for (const path of paths) context.fill(path, 'evenodd');
  context.strokeStyle = colours.accent;
  context.lineWidth = 1;
  context.globalAlpha = 0.4;
  for (const path of paths) context.stroke(path);
  context.globalAlpha = 1;
}

function pathOf(rings: Rings, { x, y }: Frame): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([px, py], k) => {
      if (k === 0) path.moveTo(x(px), y(py));
      else path.lineTo(x(px), y(py));
    });
    path.closePath();
  }
  return path;
}

function paintArrows(
  context: CanvasRenderingContext2D,
  frame: Frame,
  colours: Palette,
  arrows: FieldPicture['arrows'],
): void {
  context.beginPath();
  for (const { from, to } of arrows) {
    arrow(context, [frame.x(from[0]), frame.y(from[1])], [frame.x(to[0]), frame.y(to[1])]);
  }
  context.strokeStyle = colours.text;
  context.globalAlpha = 0.42;
  context.lineWidth = 1;
  context.stroke();
  context.globalAlpha = 1;
}

/** Adds an arrow to the path, its head in proportion and small. */
export function arrow(
  context: CanvasRenderingContext2D,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): void {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const head = Math.min(5, 0.4 * Math.hypot(x2 - x1, y2 - y1));
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  for (const side of [-0.5, 0.5]) {
    context.moveTo(x2, y2);
    context.lineTo(x2 - head * Math.cos(angle + side), y2 - head * Math.sin(angle + side));
  }
}

/** Numbers along two edges, so that lengths can be read, in front of what is there. */
export function paintScale(
  context: CanvasRenderingContext2D,
  { width, height }: Size,
  frame: Frame,
  colours: Palette,
  radius: number,
  names: readonly [string, string] = ['x₁', 'x₂'],
): void {
  const step = tickStep(radius, Math.min(width, height));
  context.font = '11px system-ui, sans-serif';
  context.fillStyle = colours.muted;
  const write = (text: string, x: number, y: number) => {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  context.strokeStyle = colours.panel;
  context.lineWidth = 3;
  context.lineJoin = 'round';
  const ticks = new Path2D();
  const last = Math.floor(radius / step);
  for (let k = -last; k <= last; k++) {
    const value = Number((k * step).toPrecision(6));
    const label = String(value).replace('-', '−');
    const [x, y] = [Math.round(frame.x(value)) + 0.5, Math.round(frame.y(value)) + 0.5];
    // Corners are for the names of the axes, and no number runs into the other axis.
    if (x > ROOM && x < width - ROOM) {
      ticks.moveTo(x, height);
      ticks.lineTo(x, height - 5);
      context.textAlign = 'center';
      context.textBaseline = 'bottom';
      write(label, x, height - 7);
    }
    if (y > ROOM && y < height - ROOM) {
      ticks.moveTo(0, y);
      ticks.lineTo(5, y);
      context.textAlign = 'left';
      context.textBaseline = 'middle';
      write(label, 8, y);
    }
  }
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  write(names[0], width - 6, height - 7);
  context.textAlign = 'left';
  context.textBaseline = 'top';
  write(names[1], 8, 6);
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.stroke(ticks);
}
