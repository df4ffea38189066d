import type { PlaneTarget } from './density.ts';
import { coarseSize, FINE, type FieldPicture, fieldPicture } from './field.ts';

/** Milliseconds of rest after which a field is computed finely. */
const REST = 120;

/** What a field is of. */
export interface FieldSource {
  readonly target: PlaneTarget;
  /** σ̃, in the unit of x. */
  readonly sigma: number;
  /** Half side of the square that is shown. */
  readonly radius: number;
}

/**
 * The field of a source that changes: coarse at once, so that a drag is followed at the rate of the
 * screen, and fine after a rest. Call it while a component starts.
 */
export function liveField(source: () => FieldSource | undefined): {
  readonly now: FieldPicture | undefined;
} {
  const current = $derived(source());
  const coarse = $derived(
    current && fieldPicture(current.target, current, coarseSize(current.target)),
  );
  let fine = $state.raw<{ of: FieldSource; picture: FieldPicture }>();
  $effect(() => {
    const of = current;
    if (!of) return;
    const timer = setTimeout(() => {
      fine = { of, picture: fieldPicture(of.target, of, FINE) };
    }, REST);
    return () => clearTimeout(timer);
  });
  return {
    get now() {
      return fine && fine.of === current ? fine.picture : coarse;
    },
  };
}
