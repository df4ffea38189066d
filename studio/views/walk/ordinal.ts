/** Numbers in sentences. */

const endings: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' };
const rules = new Intl.PluralRules('en', { type: 'ordinal' });

/** Writes the place in a row: `second`, `4th`, `32nd`. */
export const ordinal = (n: number): string =>
  n === 2 ? 'second' : `${n}${endings[rules.select(n)]}`;
