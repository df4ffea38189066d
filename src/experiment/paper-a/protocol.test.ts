import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { type KernelName, kernels } from '../../sample/index.ts';
import {
  checkSame,
  costOf,
  firstCells,
  followingCells,
  type PaperAProtocol,
  protocolSchema,
  scales,
  trainings,
  walkOfCell,
} from './protocol.ts';
import { protocolOf } from './testing.ts';

const names = (Object.keys(kernels) as KernelName[]).filter(
  (name) => !kernels[name].needsLogDensity,
);
const some = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { minLength: 1, maxLength: 4 });
const sigmas = some(fc.integer({ min: 1, max: 40 }).map((n) => n / 20));

const protocols: fc.Arbitrary<PaperAProtocol> = fc
  .record({
    classes: sigmas.map((all) => all.map((sigma) => ({ sigma, model: `m/${sigma}` }))),
    measurements: some(fc.integer({ min: 1, max: 64 })),
    frictions: some(fc.double({ min: 1e-3, max: 10, noNaN: true })),
    kernels: some(fc.constantFrom(...names)),
    seeds: some(fc.nat(9)),
    burnIn: fc.nat(50),
    draws: fc.integer({ min: 1, max: 30 }),
    jumpEvery: fc.integer({ min: 1, max: 9 }),
  })
  .map(protocolOf);

describe('the cells of a protocol', () => {
  test('are its whole grid, then kernels and long chains at the best frictions', () => {
    fc.assert(
      fc.property(protocols, fc.nat(), (protocol, pick) => {
        const { classes, measurements, frictions, kernels: walked, seeds } = protocol;
        const [c, m, f, s] = [classes, measurements, frictions, seeds].map(({ length }) => length);
        const grid = firstCells(protocol);
        expect(grid.length).toBe(c! * m! * f! * s!);
        expect(new Set(grid.map(({ kernel }) => kernel))).toEqual(new Set([walked[0]]));

        const best = frictions[pick % f!]!;
        const following = followingCells(protocol, () => best);
        expect(following.length).toBe(c! * ((walked.length - 1) * s! + m!));
        expect(following.every(({ friction }) => friction === best)).toBe(true);
        expect(following.filter(({ stage }) => stage === 'long').length).toBe(c! * m!);

        const all = [...grid, ...following];
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        expect(all.every(({ id }) => /^[\w.-]+$/.test(id))).toBe(true);
        expect(followingCells(protocol, () => undefined)).toEqual([]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('cost the calls of all steps of all chains, and of the jumps', () => {
    fc.assert(
      fc.property(protocols, fc.constantFrom(...names), (protocol, kernel) => {
        const { chains, draws, jumpEvery, burnIn, long } = protocol;
        const calls = kernels[kernel].scoreCalls;
        const walk = { sigma: 1, measurements: 1, kernel, friction: 1, seed: 0 };
        const cell = costOf({ stage: 'friction', ...walk }, protocol);
        expect(cell).toBe(chains * (draws + calls * (burnIn + draws * jumpEvery)));
        expect(costOf({ stage: 'long', ...walk }, protocol)).toBe(
          long.chains * (long.draws + calls * (burnIn + long.draws * long.jumpEvery)),
        );
        // Five factors of M = 16, as each block is as large as all before it: 1, 1, 2, 4, 8.
        expect(costOf({ stage: 'sequential', ...walk, measurements: 16 }, protocol)).toBe(
          chains * draws * (40 * calls + 4 * (4 * calls + 1) + 1),
        );
      }),
      { numRuns: 50, seed: 2 },
    );
  });

  test('of a family are also walks of one measurement after another, a seed each', () => {
    const [one] = protocolOf().classes;
    const classes = [
      { ...one!, sequential: 8 },
      { sigma: 1, model: 'm', hash: 'b'.repeat(64) },
    ];
    const cells = firstCells(protocolOf({ classes }));
    const found = cells.filter(({ stage }) => stage === 'sequential');
    const walk = { sigma: 0.25, measurements: 8, kernel: 'sachs', friction: 0.25 };
    expect(found).toMatchObject([
      { ...walk, seed: 0 },
      { ...walk, seed: 1 },
    ]);
    expect(walkOfCell(found[0]!, protocolOf()).walk).toMatchObject({
      walk: 'sequential',
      effectiveSigma: 0.25,
      measurements: 8,
      seed: 0,
      chains: 10,
      stepSize: 0.7,
      friction: 0.25,
      jumpEvery: 40,
      burnIn: 0,
    });
  });

  test('of paper A: M = 1, 4, 16, five seeds of 125 chains of 400 jumps, three kernels', () => {
    const full = protocolOf(scales.full);
    expect(full).toMatchObject({ measurements: [1, 4, 16], chains: 125, draws: 400 });
    expect(firstCells(full).length).toBe(3 * 9 * 5);
    expect(followingCells(full, () => 1).length).toBe(2 * 5 + 3);
    expect(full.chains * full.draws).toBe(50_000);
    // 400 passes over 50,000 images in batches of 128.
    expect(trainings.full.steps).toBe((400 * 50_000) / 128);
  });
});

describe('another protocol in the same folder', () => {
  const refused = (kept: Partial<PaperAProtocol>, wanted: Partial<PaperAProtocol>) => {
    try {
      checkSame(protocolOf(kept), protocolOf(wanted), 'out');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message;
    }
    return 'passes';
  };
  const model = { sigma: 0.25, model: 'a.onnx', hash: 'a'.repeat(64) };
  const training = { ...trainings.small, net: 'digits8' };

  test('is refused, naming what differs', () => {
    expect(refused({}, { chains: 20 })).toBe(
      'out: holds another experiment: chains was 10 and is now 20; run it with its own settings, or give another folder',
    );
    expect(refused({}, { frictions: [0.5] })).toMatch(
      /: frictions was \[0.25,1\] and is now \[0.5\];/,
    );
    expect(refused({ classes: [model] }, { classes: [{ ...model, sigma: 0.5 }] })).toMatch(
      /: classes.0.sigma was 0.25 and is now 0.5;/,
    );
    expect(refused({}, { classes: [{ ...model, hash: 'b'.repeat(64) }] })).toMatch(
      /: classes.0.model was "a+" and is now "b+";/,
    );
    expect(refused({}, { training })).toMatch(/: training was none and is now \{/);
    expect(refused({ training }, { training: { ...training, steps: 7 } })).toMatch(
      /: training.steps was 1200 and is now 7;/,
    );
    const many = { chains: 20, draws: 3, burnIn: 0, jumpEvery: 9, stepSize: 1 };
    expect(refused({}, many)).toMatch(/^out: holds [^,]+,[^,]+,[^,]+ and 2 more; run it/);
  });

  test('passes where the numbers are the same', () => {
    expect(refused({}, {})).toBe('passes');
    expect(refused({ classes: [model] }, { classes: [{ ...model, model: 'b.onnx' }] })).toBe(
      'passes',
    );
    fc.assert(
      fc.property(protocols, (protocol) => {
        const kept = protocolSchema.parse(JSON.parse(JSON.stringify(protocol)));
        checkSame(kept, protocol, 'out');
      }),
      { numRuns: 50, seed: 3 },
    );
  });
});
