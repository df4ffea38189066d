/**
 * What is kept of a walk while it runs: draws for the diagnostics, paths and jumps for the picture.
 */
import { byChain } from '../../../src/sample/collect.ts';
import type { Jump } from '../../../src/sample/jump.ts';
import { BINS } from './diagnostics.ts';

/** Values of one kind that are kept for the diagnostics. */
const KEPT = 65_536;
/** Steps of a path that are drawn. */
export const TRAIL = 32;
/** Jumps that may fade at the same time. */
const FADING = 1000;

/** What a record takes of a step: where chains are, and where they jump, `[chains, 2]`. */
export type Step = Pick<Jump, 'step' | 'ybar' | 'xhat' | 'acceptance'>;

/** A jump that is drawn, of one chain. */
export interface Fading {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** The picture's time at which it was made, in milliseconds. */
  readonly at: number;
}

/** Draws in one block, `[chains, draws, 2]` each. */
export interface Draws {
  readonly ybar: Float32Array;
  readonly xhat: Float32Array;
  readonly shape: readonly [chains: number, draws: number, dimension: number];
}

/** How often ȳ and x̂ fell into each bin, along each coordinate. */
interface Counts {
  readonly ybar: readonly [Float64Array, Float64Array];
  readonly xhat: readonly [Float64Array, Float64Array];
}

export interface WalkRecord {
  /** Draws of each chain so far. */
  readonly drawn: number;
  /** Draws of each chain that are kept: every `stride`-th of all there were. */
  readonly kept: number;
  readonly stride: number;
  /** Mean acceptance probability so far, from kernels that have one. */
  readonly acceptance: number | undefined;
  /** The last positions of all chains, oldest first; `[chains, 2]` each. */
  readonly trail: readonly Float32Array[];
  readonly fading: readonly Fading[];
  /** The picture's time of the latest step, in milliseconds. */
  readonly movedAt: number;
  add(step: Step, now: number): void;
  /** Forgets jumps made before a time. */
  fade(before: number): void;
  draws(): Draws;
  /** Density of all draws in each bin, per unit of x; empty before the first. */
  histogram(of: 'ybar' | 'xhat', coordinate: number): Float64Array;
}

export interface RecordOptions {
  readonly chains: number;
  /** Steps before the first draw, and from one to the next, as in `mdensity walk`. */
  readonly burnIn: number;
  readonly thin: number;
  /** Half side of the square that histograms cover, in the unit of x. */
  readonly radius: number;
  /** Whether each jump begins anew: then there is no path from one to the next. */
  readonly anew?: boolean;
}

/** An empty record. */
export function walkRecord({ chains, burnIn, thin, radius, anew }: RecordOptions): WalkRecord {
  const most = 2 * Math.max(32, Math.floor(KEPT / (4 * chains)));
  let kept: { readonly ybar: Float32Array; readonly xhat: Float32Array }[] = [];
  const trail: Float32Array[] = [];
  const counts: Counts = { ybar: emptyCounts(), xhat: emptyCounts() };
  let fading: Fading[] = [];
  let [drawn, stride, accepted, tests, movedAt] = [0, 1, 0, 0, 0];

  type Kept = (typeof kept)[number];
  const all = (of: (draw: Kept) => Float32Array) =>
    kept.length === 0 ? new Float32Array(0) : byChain(kept.map(of), chains);
  function jumpAll({ ybar, xhat }: Step, at: number): void {
    for (let i = 0; i < 2 * chains; i += 2) {
      fading.push({ from: [ybar[i]!, ybar[i + 1]!], to: [xhat[i]!, xhat[i + 1]!], at });
    }
    if (fading.length > FADING) fading = fading.slice(-FADING);
  }
  function keep({ ybar, xhat }: Step): void {
    drawn++;
    count(counts.ybar, ybar, radius);
    count(counts.xhat, xhat, radius);
    if (drawn % stride !== 0) return;
    kept.push({ ybar, xhat });
    if (kept.length < most) return;
    // Every second leaves, so that what is left covers the whole walk evenly.
    kept = kept.filter((_, k) => k % 2 === 1);
    stride *= 2;
  }
  return {
    get drawn() {
      return drawn;
    },
    get kept() {
      return kept.length;
    },
    get stride() {
      return stride;
    },
    get acceptance() {
      return tests === 0 ? undefined : accepted / tests;
    },
    trail,
    get fading() {
      return fading;
    },
    get movedAt() {
      return movedAt;
    },
    add(jump, now) {
      movedAt = now;
      if (anew) trail.length = 0;
      trail.push(jump.ybar);
      if (trail.length > TRAIL) trail.shift();
      for (const probability of jump.acceptance ?? []) {
        accepted += probability;
        tests++;
      }
      if (jump.step % thin === 0) jumpAll(jump, now);
      if (jump.step > burnIn && (jump.step - burnIn) % thin === 0) keep(jump);
    },
    fade(before) {
      const first = fading.findIndex(({ at }) => at >= before);
      fading = first < 0 ? [] : first === 0 ? fading : fading.slice(first);
    },
    draws: () => ({
      ybar: all(({ ybar }) => ybar),
      xhat: all(({ xhat }) => xhat),
      shape: [chains, kept.length, 2],
    }),
    histogram(of, coordinate) {
      if (drawn === 0) return new Float64Array(0);
      const one = BINS / (2 * radius * drawn * chains);
      return counts[of][coordinate]!.map((number) => number * one);
    },
  };
}

const emptyCounts = (): [Float64Array, Float64Array] => [
  new Float64Array(BINS),
  new Float64Array(BINS),
];

/** Adds points `[n, 2]` to the counts of both coordinates. */
function count(into: readonly [Float64Array, Float64Array], points: Float32Array, radius: number) {
  for (let i = 0; i < points.length; i++) {
    const bin = Math.floor(((points[i]! + radius) * BINS) / (2 * radius));
    if (bin >= 0 && bin < BINS) into[i % 2]![bin]! += 1;
  }
}
