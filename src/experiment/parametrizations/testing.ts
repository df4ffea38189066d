/** What the tests of comparisons share. */
import { entriesOf, entryNames } from './entries.ts';
import { type ComparisonProtocol, protocolSchema, scales } from './protocol.ts';

/** The protocol of digits8 for these rows, with some of it changed. */
export function comparisonProtocol(
  names: readonly string[] = entryNames,
  changes: Partial<ComparisonProtocol> = {},
): ComparisonProtocol {
  const shape = [1, 8, 8];
  return protocolSchema.parse({
    experiment: 'parametrizations',
    shape,
    sigma: 1,
    measurements: 4,
    seed: 0,
    heldOut: 20,
    data: { name: 'digits8', count: 100, hash: 'd'.repeat(64) },
    features: { name: 'pixels', id: 'pixels' },
    entries: entriesOf(names, { name: 'digits8', shape }),
    ...scales[8],
    ...changes,
  });
}
