import { describe, expect, test } from 'vitest';
import { describeBest } from '../../report/paper-a/results.ts';
import type { PaperARow } from './store.ts';
import { bestFriction, summarize } from './summary.ts';
import { protocolOf, rowOf } from './testing.ts';

const grid = (friction: number, fds: readonly (number | undefined)[]): PaperARow[] =>
  fds.map((fd, seed) =>
    fd === undefined
      ? { ...rowOf({ friction, seed, error: 'chain 0 diverged' }), fd: undefined as never }
      : rowOf({ friction, seed, fd }),
  );

const protocol = protocolOf();
const best = (rows: readonly PaperARow[]) => bestFriction(summarize(rows), protocol, 0.25, 1);

describe('summaries of rows', () => {
  test('are means over seeds, and the deviation of the seeds', () => {
    const [only, ...more] = summarize(grid(1, [2, 4, 9]));
    expect(more).toEqual([]);
    expect(only).toMatchObject({ friction: 1, measurements: 1, seeds: 3, diverged: 0 });
    // Σ (x − 5)²/(3 − 1) = (9 + 1 + 16)/2.
    expect(only!.values.fd).toEqual({ mean: 5, deviation: Math.sqrt(13), seeds: 3 });
    expect(only!.values.rHat).toBeUndefined();
    expect(summarize(grid(1, [2]))[0]!.values.fd).toEqual({ mean: 2, deviation: 0, seeds: 1 });
  });

  test('hold effective samples of long chains alone: short ones do not show how slow they are', () => {
    const chainsOf = (draws: number) =>
      ({
        draws,
        effectiveSamplesPerScoreCall: 0.02,
        rHat: {},
        longestStuck: {},
      }) as PaperARow['chains'] & object;
    const values = (draws: number) => summarize([rowOf({ chains: chainsOf(draws) })])[0]!.values;
    expect(values(10).effectiveSamples).toBeUndefined();
    expect(values(100).effectiveSamples).toMatchObject({ mean: 20 });
  });

  test('count seeds that diverged apart, with means of the others', () => {
    const [only] = summarize(grid(1, [2, undefined, 4]));
    expect(only).toMatchObject({ seeds: 2, diverged: 1 });
    expect(only!.values.fd).toMatchObject({ mean: 3, seeds: 2 });
    const [none] = summarize(grid(1, [undefined]));
    expect(none).toMatchObject({ seeds: 0, diverged: 1, values: {} });
  });

  test('come in the order of the grid, whatever order cells finished in', () => {
    const rows = [
      rowOf({ stage: 'long', measurements: 4 }),
      rowOf({ stage: 'kernel', kernel: 'cheng' }),
      rowOf({ measurements: 4 }),
      rowOf({ friction: 1 }),
      rowOf(),
      rowOf({ sigma: 0.1 }),
    ];
    const order = summarize(rows).map((s) => [s.stage, s.sigma, s.measurements, s.friction]);
    expect(order).toEqual([
      ['friction', 0.1, 1, 0.25],
      ['friction', 0.25, 1, 0.25],
      ['friction', 0.25, 1, 1],
      ['friction', 0.25, 4, 0.25],
      ['kernel', 0.25, 1, 0.25],
      ['long', 0.25, 4, 0.25],
    ]);
    expect(summarize([...rows].reverse())).toEqual(summarize(rows));
  });
});

describe('the best friction', () => {
  test('has the lowest mean distance of its class and member', () => {
    const rows = [...grid(0.25, [5, 1]), ...grid(1, [2, 2]), ...grid(4, [1, 9])];
    expect(best(rows)?.friction).toBe(1);
    const others = [
      rowOf({ friction: 9, fd: 0, measurements: 4 }),
      rowOf({ friction: 9, fd: 0, sigma: 0.5 }),
      rowOf({ friction: 9, fd: 0, kernel: 'cheng' }),
      rowOf({ friction: 9, fd: 0, stage: 'kernel' }),
    ];
    expect(best([...rows, ...others])?.friction).toBe(1);
  });

  test('is none at which a seed diverged', () => {
    expect(best([...grid(0.25, [0.1, undefined]), ...grid(1, [7, 8])])?.friction).toBe(1);
    const rows = [...grid(0.25, [0.1, undefined]), ...grid(1, [undefined, undefined])];
    expect(best(rows)).toBeUndefined();
    expect(describeBest(protocol, rows)).toEqual(['at every friction a walk diverged']);
  });

  test('is said in a line for each class and member', () => {
    const rows = [...grid(0.25, [2, 4]), rowOf({ measurements: 4, friction: 3, fd: 1.23456 })];
    expect(describeBest(protocol, rows)).toEqual([
      'σ̃ = 0.25, M = 1: fd-pixels 3 ± 1.4 at friction 1/4',
      'σ̃ = 0.25, M = 4: fd-pixels 1.23 at friction 3',
    ]);
  });
});
