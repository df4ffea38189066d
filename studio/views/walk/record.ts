/** What is kept of a walk while it runs: draws for the diagnostics, paths and jumps for the picture. */
import type { Jump } from '../../../src/sample/walk-jump.ts';

/** Values of one kind that are kept for the diagnostics; the oldest draws leave. */
const KEPT = 65_536;
/** Steps of a path that are drawn. */
export const TRAIL = 32;
/** Jumps that may fade at the same time. */
const FADING = 1000;

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

export interface WalkRecord {
  /** Draws so far, those that left included. */
  readonly drawn: number;
  /** Draws that are kept. */
  readonly kept: number;
  /** Sum of acceptance probabilities and their number, from kernels that have them. */
  readonly acceptance: number | undefined;
  /** The last positions of all chains, oldest first; `[chains, 2]` each. */
  readonly trail: readonly Float32Array[];
  readonly fading: readonly Fading[];
  add(jump: Jump, now: number): void;
  /** Forgets jumps made before a time. */
  fade(before: number): void;
  draws(): Draws;
}

export interface RecordOptions {
  readonly chains: number;
  /** Steps before the first draw, and from one to the next, as in `mdensity walk`. */
  readonly burnIn: number;
  readonly thin: number;
}

/** An empty record. */
export function walkRecord({ chains, burnIn, thin }: RecordOptions): WalkRecord {
  const most = Math.max(64, Math.floor(KEPT / (2 * chains)));
  const kept: { readonly ybar: Float32Array; readonly xhat: Float32Array }[] = [];
  const trail: Float32Array[] = [];
  let fading: Fading[] = [];
  let drawn = 0;
  let accepted = 0;
  let tests = 0;

  function jumpAll({ ybar, xhat }: Jump, at: number): void {
    for (let i = 0; i < 2 * chains; i += 2) {
      fading.push({ from: [ybar[i]!, ybar[i + 1]!], to: [xhat[i]!, xhat[i + 1]!], at });
    }
    if (fading.length > FADING) fading = fading.slice(-FADING);
  }
  return {
    get drawn() {
      return drawn;
    },
    get kept() {
      return kept.length;
    },
    get acceptance() {
      return tests === 0 ? undefined : accepted / tests;
    },
    trail,
    get fading() {
      return fading;
    },
    add(jump, now) {
      trail.push(jump.ybar);
      if (trail.length > TRAIL) trail.shift();
      for (const probability of jump.acceptance ?? []) {
        accepted += probability;
        tests++;
      }
      if (jump.step % thin === 0) jumpAll(jump, now);
      if (jump.step <= burnIn || (jump.step - burnIn) % thin !== 0) return;
      drawn++;
      kept.push({ ybar: jump.ybar, xhat: jump.xhat });
      if (kept.length > most) kept.shift();
    },
    fade(before) {
      const first = fading.findIndex(({ at }) => at >= before);
      fading = first < 0 ? [] : first === 0 ? fading : fading.slice(first);
    },
    draws: () => ({
      ybar: byChain(
        kept.map(({ ybar }) => ybar),
        chains,
      ),
      xhat: byChain(
        kept.map(({ xhat }) => xhat),
        chains,
      ),
      shape: [chains, kept.length, 2],
    }),
  };
}

/** [draws][chains, 2] → [chains, draws, 2]. */
function byChain(frames: readonly Float32Array[], chains: number): Float32Array {
  const data = new Float32Array(frames.length * chains * 2);
  frames.forEach((frame, draw) => {
    for (let chain = 0; chain < chains; chain++) {
      const to = 2 * (chain * frames.length + draw);
      data[to] = frame[2 * chain]!;
      data[to + 1] = frame[2 * chain + 1]!;
    }
  });
  return data;
}
