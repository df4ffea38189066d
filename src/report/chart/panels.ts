import type { Box } from './frame.ts';

/** Pixels between panels. */
const GAP = 16;

/** Divides a place into panels side by side, of one width. */
export function panelBoxes(count: number, { left, top, right, bottom }: Box): Box[] {
  const width = (right - left - GAP * (count - 1)) / count;
  return Array.from({ length: count }, (_, i) => {
    const start = left + i * (width + GAP);
    return { left: start, top, right: start + width, bottom };
  });
}
