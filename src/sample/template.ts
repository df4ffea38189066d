import type { Alphabet } from '../data/index.ts';
import { UserError } from '../errors.ts';
import type { FixedCoordinates } from './options.ts';

/** A model of sequences. */
export interface SequenceModel {
  readonly alphabet: Alphabet;
  readonly length: number;
}

const FREE = '?_';

/**
 * Reads what a template fixes, such as `AC??K`.
 *
 * @throws UserError for another length, a letter outside the alphabet, and nothing left free.
 */
export function fixedBy(template: string, { alphabet, length }: SequenceModel): FixedCoordinates {
  const fail = (problem: string): never => {
    throw new UserError(`template ${template}: ${problem}`, {
      facts: { option: 'template', value: template },
    });
  };
  const { letters } = alphabet;
  const places = [...template.toUpperCase()];
  if (places.length !== length) {
    fail(
      `has ${places.length} characters, sequences of this model have ${length}; give one for each position, ? where it is free`,
    );
  }
  if (!places.some((letter) => FREE.includes(letter))) {
    fail('leaves no position free; write ? for those that the walk shall fill');
  }
  const mask = new Uint8Array(letters.length * length);
  const values = new Float32Array(mask.length);
  places.forEach((letter, i) => {
    if (FREE.includes(letter)) return;
    const code = letters.indexOf(letter);
    if (code < 0) {
      fail(
        `${JSON.stringify(letter)} at position ${i + 1} is not in the alphabet ${letters}; give one of its letters, or ?`,
      );
    }
    for (let a = 0; a < letters.length; a++) mask[a * length + i] = 1;
    values[code * length + i] = 1;
  });
  return { mask, values };
}
