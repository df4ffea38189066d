/** Files that the reader dropped or chose. */
import { kindOf, readPicture } from './files.ts';
import { openFile, ready } from './loading.ts';
import { place } from './walking.ts';
import { errorNote, openedChain, type Wall } from './wall.svelte.ts';

/** The chain whose picture an event is over. */
export function chainUnder(target: EventTarget | null): number | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-chain]') : null;
  return cell ? Number(cell.dataset.chain) : undefined;
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
