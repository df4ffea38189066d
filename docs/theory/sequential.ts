/** Table 7: one measurement, or one block, after another against the walk of all, by M and σ. */
import {
  exactFamily,
  findTarget,
  largestCurvature,
  sampleSmoothed,
} from '../../src/density/index.ts';
import { slicedWasserstein } from '../../src/evaluate/index.ts';
import { randomKey } from '../../src/random.ts';
import { collect, type WalkJumpOptions, walkJump } from '../../src/sample/index.ts';
import { table } from './panels.ts';

interface Row {
  readonly target: string;
  readonly walk: string;
  readonly measurements: number;
  readonly sigma: number;
  /** Largest eigenvalue of σ²∇² log p(y_1) over draws: log-concave where it is 0 or less. */
  readonly curvature: number;
  /** Score calls of one draw from nothing. */
  readonly calls: number;
  /** Sliced 2-Wasserstein distance of ȳ to exact draws, less that of exact draws to exact draws. */
  readonly excess: number;
}

const DRAWS = 4000;
const CLASS = 0.5;

const walks: readonly (readonly [string, Partial<WalkJumpOptions>])[] = [
  ['one at a time', { walk: 'sequential', blocks: 'one' }],
  ['blocks that double', { walk: 'sequential', blocks: 'doubling' }],
];

/** Every draw begins from nothing: chains that each give one draw. */
export async function measureSequential(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const target of ['eight-gaussians', 'rings']) {
    const density = findTarget(target);
    const family = exactFamily(density);
    const exact = sampleSmoothed(density, CLASS, randomKey(1), DRAWS).ybar;
    const other = sampleSmoothed(density, CLASS, randomKey(2), DRAWS).ybar;
    const floor = slicedWasserstein(other, exact, 2).distance;
    for (const measurements of [4, 16, 36]) {
      const sigma = CLASS * Math.sqrt(measurements);
      const seen = sampleSmoothed(density, sigma, randomKey(3), 500).ybar;
      const curvature =
        Math.max(...largestCurvature(density, { sigma, before: 0 }, seen)) * sigma ** 2;
      let calls = 0;
      const add = async (walk: string, options: Partial<WalkJumpOptions>) => {
        const draws = await collect(
          walkJump(family, {
            ...{ effectiveSigma: CLASS, measurements, chains: DRAWS, seed: 5 },
            ...{ steps: 40, jumpEvery: 40, ...options },
          }),
        );
        calls = draws.scoreCalls;
        const { distance } = slicedWasserstein(draws.ybar, exact, 2);
        rows.push({
          target,
          walk,
          measurements,
          sigma,
          curvature,
          calls,
          excess: distance - floor,
        });
      };
      for (const [walk, options] of walks) await add(walk, options);
      // As many calls as the blocks took, at a friction and a step that suit it.
      const steps = calls - 1;
      await add('all at once', { steps, jumpEvery: steps, stepSize: 1, friction: 1 / 16 });
    }
  }
  return rows;
}

export function sequentialTable(rows: readonly Row[]): string {
  const head = ['target', 'M', 'σ', 'curvature of y_1', 'walk', 'calls a draw', 'W2 above exact'];
  return table(
    head,
    rows.map((row) => [
      row.target,
      String(row.measurements),
      String(row.sigma),
      row.curvature.toFixed(2),
      row.walk,
      String(row.calls),
      row.excess.toFixed(3),
    ]),
  );
}
