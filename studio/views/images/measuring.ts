/** How far a jump has come that is made one measurement after another. */
import type { MeasuringProgress } from '../../../src/sample/options.ts';
import { blockSizes } from '../../../src/sample/sequential/member.ts';

/**
 * Which measurements of M are walked now, such as `5–8 of 10`: each block after the first is as large
 * as all before it. Between two jumps it is M of M.
 */
export function measuringWords(measurements: number, progress?: MeasuringProgress): string {
  // One of the settings before says nothing of these.
  if (progress?.measurements !== measurements) return `${measurements} of ${measurements}`;
  const { measured } = progress;
  let seen = 0;
  for (const size of blockSizes(measurements)) {
    if (seen === measured) {
      const span = size === 1 ? `${seen + 1}` : `${seen + 1}–${seen + size}`;
      return `${span} of ${measurements}`;
    }
    seen += size;
  }
  return `${measurements} of ${measurements}`;
}
