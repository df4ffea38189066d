/** How large the pictures of a wall are. */

/** Space between two pictures, in pixels of the page. */
export const GAP = 4;
/** A wall higher than this would push what is below it out of sight. */
const HEIGHT = 420;
/** Width of the largest enlarged picture. */
const LARGEST = 140;

/** Pictures in a row of `room` pixels at a scale. */
export const columnsAt = (room: number, width: number, scale: number): number =>
  Math.max(1, Math.floor((room + GAP) / (width * scale + GAP)));

/**
 * Factor of the pictures: the largest whole one with which `count` of them, in rows of `room`
 * pixels, are not too high; at least 1, or 2 where they are small. One that is wider than the room
 * shrinks to it.
 */
export function scaleOf(
  { room, count }: { readonly room: number; readonly count: number },
  { width, height }: { readonly width: number; readonly height: number },
): number {
  if (width > room) return room / width;
  for (let scale = Math.floor(LARGEST / width); scale > 1; scale--) {
    const rows = Math.ceil(count / columnsAt(room, width, scale));
    const fits = width * scale <= room && rows * (height * scale + GAP) <= HEIGHT;
    if (fits) return scale;
  }
  return width <= 32 && 2 * width <= room ? 2 : 1;
}

/** Where an arrow key leads from a picture; undefined for other keys. */
export function neighbour(
  key: string,
  index: number,
  { count, columns }: { readonly count: number; readonly columns: number },
): number | undefined {
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - columns,
    ArrowDown: index + columns,
    Home: 0,
    End: count - 1,
  };
  const to = moves[key];
  if (to === undefined) return undefined;
  return to >= 0 && to < count ? to : index;
}
