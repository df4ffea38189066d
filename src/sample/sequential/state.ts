import { UserError } from '../../errors.ts';
import type { State } from '../kernel.ts';

/**
 * Where a sequential walk stands: the kernel's own State of the walk of y_1, whose `position` is
 * `[chains, d]`, and the latest draw of all blocks.
 */
export interface SequentialState extends State {
  /** Draws made. */
  draws: number;
  /**
   * Means z of the blocks of the latest draw, `[chains, blocks, d]`: y itself where blocks are of
   * one.
   */
  readonly blocks: Float32Array;
}

/** Copies every array of one state over that of the same name in another. */
export function copyArrays(from: object, to: object): void {
  const into = new Map<string, unknown>(Object.entries(to));
  for (const [name, array] of Object.entries(from)) {
    if (ArrayBuffer.isView(array)) (into.get(name) as Float32Array).set(array as Float32Array);
  }
}

/**
 * Restores a saved state into a fresh one.
 *
 * @throws UserError when the saved state is not one of this walk.
 */
export function restoreSequential(fresh: SequentialState, saved: State): SequentialState {
  const from = new Map<string, unknown>(Object.entries(saved));
  for (const [name, array] of Object.entries(fresh)) {
    if (!ArrayBuffer.isView(array)) continue;
    const values = from.get(name);
    if (ArrayBuffer.isView(values) && values.byteLength === array.byteLength) continue;
    throw new UserError(
      `initial: the saved state has no ${name} of the size this walk needs; give one saved by a sequential walk with the same kernel, chains and blocks`,
      { code: 'mismatch', facts: { option: 'initial', array: name } },
    );
  }
  copyArrays(saved, fresh);
  fresh.step = saved.step;
  fresh.draws = Number(from.get('draws'));
  return fresh;
}
