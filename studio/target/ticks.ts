/** Where numbers stand along an axis. */

/** Pixels that a number and the name of an axis need beside each other. */
export const ROOM = 30;

/** Spacing of numbers along an axis: a round one, with room for each. */
export function tickStep(radius: number, side: number): number {
  const least = (1.3 * ROOM * 2 * radius) / side;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((k) => k * power >= least)!;
  const step = Math.max(factor * power, radius > 5 ? 1 : 0.5);
  // Small pictures still show one number on each side.
  return step > radius ? step / 2 : step;
}
