import type { CanvasSize } from '../components/Canvas.svelte';
import type { FieldPicture } from './field.ts';
import { frameOf } from './frame.ts';
import { type Palette, paintField } from './paint.ts';

/** All that the ground of a picture depends on. */
export interface Ground {
  readonly picture: FieldPicture | undefined;
  readonly colours: Palette;
  readonly arrows: boolean;
  /** Half side of the square that is shown, in the unit of x. */
  readonly radius: number;
}

/**
 * The field as a ground to draw on: painted once, copied until something of it changes, so that an
 * animation costs no contours.
 */
export function fieldLayer(): (
  context: CanvasRenderingContext2D,
  size: CanvasSize,
  ground: Ground,
) => void {
  const canvas = document.createElement('canvas');
  let painted: readonly unknown[] = [];
  return (context, size, ground) => {
    const { picture, colours, arrows, radius } = ground;
    const { width, height, ratio } = size;
    const wanted = [picture, colours, arrows, radius, width, height, ratio];
    if (wanted.some((value, k) => value !== painted[k])) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const own = canvas.getContext('2d');
      if (!own) return;
      own.setTransform(ratio, 0, 0, ratio, 0, 0);
      paintField(own, size, frameOf(radius, size), colours, picture, { arrows, radius });
      painted = wanted;
    }
    context.drawImage(canvas, 0, 0, width, height);
  };
}
