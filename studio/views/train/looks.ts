/** Looks at a training as it went: kept evenly over its time, so that a slider leads through it. */
import type { Learned } from './comparison.ts';

/** What the moving average makes, at a step. */
export interface Look {
  readonly step: number;
  /** What it has learned of a density of the plane. */
  readonly learned: Learned | undefined;
  /** x̂ of the walk, `[chains, d]`. */
  readonly samples: Float32Array | undefined;
  readonly problem: string | undefined;
}

/** Most looks that are kept; then the one leaves that is closest between its neighbours. */
const MOST = 48;

/**
 * Returns the looks and a new one. One at the same step, such as with another M, takes its place.
 */
export function withLook(looks: readonly Look[], look: Look): readonly Look[] {
  // A training that went back to a checkpoint has its time again.
  const before = looks.filter(({ step }) => step < look.step);
  return before.length < MOST ? [...before, look] : withoutOne([...before, look]);
}

/** Leaves out the look whose neighbours are closest to each other; the first and the last stay. */
function withoutOne(looks: readonly Look[]): readonly Look[] {
  const gap = (k: number) => looks[k + 1]!.step - looks[k - 1]!.step;
  let closest = 1;
  for (let k = 2; k < looks.length - 1; k++) if (gap(k) < gap(closest)) closest = k;
  return looks.filter((_, k) => k !== closest);
}

/** The error of the score by step, from looks that have one. */
export const errorCurve = (
  looks: readonly Look[],
): readonly { readonly step: number; readonly error: number }[] =>
  looks.flatMap(({ step, learned }) => (learned ? [{ step, error: learned.scoreError }] : []));
