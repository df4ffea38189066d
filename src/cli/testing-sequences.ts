/** A family of sequences with a rule: what the tests of sequences learn. */
import { randomKey, uniformInt } from '../random.ts';

/** `MC`, two of AVLI, `C`, three to five of DEKRNQST, `H`, two of GS, `H`: 12 to 14 letters. */
export const FINGER = 'MC[AVLI]{2}C[DEKRNQST]{3,5}H[GS]{2}H';

/** Some of the 2.4 million such sequences: `chosen` at random by the seed. */
export function fingers(chosen: number, seed: number): string[] {
  return Array.from({ length: chosen }, (_, i) => {
    let counter = 0;
    const key = randomKey(seed, i);
    const letters = (from: string, count: number) =>
      Array.from({ length: count }, () => from[uniformInt(key, counter++, from.length)]).join('');
    const loop = 3 + uniformInt(key, counter++, 3);
    return `MC${letters('AVLI', 2)}C${letters('DEKRNQST', loop)}H${letters('GS', 2)}H`;
  });
}
