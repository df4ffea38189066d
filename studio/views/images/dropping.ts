/** Files that the reader dropped or chose. */
import { kindOf, readPicture } from './files.ts';
import { maskOf, upperHalf } from './kept.ts';
import { openFile, ready } from './loading.ts';
import { place } from './walking.ts';
import { errorNote, openedChain, type Wall } from './wall.svelte.ts';

/** The chain whose picture an event is over. */
export function chainUnder(target: EventTarget | null): number | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-chain]') : null;
  return cell ? Number(cell.dataset.chain) : undefined;
}

/** Draws on a picture `[c, h, w]`: what was drawn before, or its upper half, is kept of it. */
export function keepPartOf(wall: Wall, picture: Float32Array): void {
  const { shape, drawn } = wall.shown;
  if (!shape) return;
  const mask = drawn ? drawn.mask : maskOf(upperHalf(shape), shape);
  wall.show({ drawn: { shape, picture: picture.slice(), mask } });
}

/** Draws on the first of the reader's files; what is no picture is said in place. */
export async function keepFirst(
  wall: Wall,
  [file]: readonly File[],
  negative: boolean,
): Promise<void> {
  const { shape } = wall.shown;
  if (!file || !shape) return;
  wall.show({ fileNote: undefined });
  try {
    keepPartOf(wall, await readPicture(file, shape, { negative }));
  } catch (error) {
    wall.show({ fileNote: errorNote(error) });
  }
}

/**
 * A model is opened; pictures start chains, from `chain` on, else from the opened one, else from
 * the first. What is neither is said in place.
 */
export async function takeFiles(
  wall: Wall,
  files: readonly File[],
  { chain, negative }: { readonly chain: number | undefined; readonly negative: boolean },
): Promise<void> {
  const model = files.find((file) => kindOf(file) === 'model');
  if (model) await openFile(wall, model);
  const pictures = files.filter((file) => kindOf(file) === 'picture');
  if (pictures.length === 0 || !(await ready(wall))) return;
  wall.show({ fileNote: undefined });
  const first = chain ?? openedChain(wall.state) ?? 0;
  for (const [i, file] of pictures.entries()) {
    const { shape } = wall.shown;
    if (!shape || first + i >= wall.state.chains) return;
    try {
      await place(wall, first + i, await readPicture(file, shape, { negative }));
    } catch (error) {
      wall.show({ fileNote: errorNote(error) });
    }
  }
}
