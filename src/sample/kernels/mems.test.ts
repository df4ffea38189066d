import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Kernel, Target } from '../kernel.ts';
import { type ChainNoise, stream } from '../noise.ts';
import { cheng } from './cheng.ts';
import { sachs } from './sachs.ts';

// Numbers of the authors' own code (nnaisense/mems), made by bench/peers/mems_walks.py.
interface Fixture {
  readonly options: {
    readonly delta: number;
    readonly friction: number;
    readonly lipschitz: number;
    readonly steps: number;
  };
  readonly means: readonly number[];
  readonly variances: readonly number[];
  /** Two sequences, [steps, chains, d]. */
  readonly noise: readonly (readonly (readonly (readonly number[])[])[])[];
  readonly start: Ends;
  readonly end: Readonly<Record<'underdamped' | 'chengetal', Ends>>;
}

interface Ends {
  readonly y: readonly (readonly number[])[];
  readonly v: readonly (readonly number[])[];
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/mems.json', import.meta.url), 'utf8'),
) as Fixture;
const { delta, friction, lipschitz, steps } = fixture.options;
const [first, second] = fixture.noise.map((sequence) => sequence.map((step) => step.flat()));
const dimension = fixture.means.length;

const target: Target = {
  dimension,
  score: async (y, out) => {
    y.forEach((value, i) => {
      out[i] = (fixture.means[i % dimension]! - value) / fixture.variances[i % dimension]!;
    });
  },
};

/** Runs a kernel from the fixture's start on given normal numbers: [purpose][step][chains · d]. */
async function run(kernel: Kernel, normals: readonly (readonly (readonly number[])[])[]) {
  const noise: ChainNoise = {
    chains: fixture.start.y.length,
    normal: (purpose, counter, out) => {
      const values = normals[purpose - stream.step]?.[counter];
      if (values) out.set(values);
    },
    uniform: () => {
      throw new Error('these kernels draw no uniform numbers');
    },
  };
  const parameters = { stepSize: delta, friction, inverseMass: 1 / lipschitz };
  const walk = kernel.start(target, parameters, noise);
  const state = (await walk.init(Float32Array.from(fixture.start.y.flat()))) as Awaited<
    ReturnType<typeof walk.init>
  > & { readonly velocity: Float32Array };
  state.velocity.set(fixture.start.v.flat());
  for (let step = 0; step < steps; step++) await walk.step(state);
  return { y: state.position, v: state.velocity };
}

function expectEnds(found: { y: Float32Array; v: Float32Array }, expected: Ends): void {
  for (const name of ['y', 'v'] as const) {
    expected[name].flat().forEach((value, i) => {
      expect(Math.abs(found[name][i]! - value)).toBeLessThan(2e-6 * (1 + Math.abs(value)));
    });
  }
}

test('sachs is the authors’ `underdamped`', async () => {
  expectEnds(await run(sachs, [first!]), fixture.end.underdamped);
});

test('cheng is the authors’ `chengetal`', async () => {
  // They draw the noise of y first and that of v given it, we the other way round: the same pair
  // (P, V) of noises is P = a·B1, V = b·B1 + c·B2 there and V = k·ξ, P = s·ξ + t·η here.
  const u = 1 / lipschitz;
  const [zeta1, zeta2] = [Math.exp(-friction * delta), Math.exp(-2 * friction * delta)];
  const varY = (u / friction) * (2 * delta - (4 * (1 - zeta1)) / friction + (1 - zeta2) / friction);
  const varV = u * (1 - zeta2);
  const covariance = (u / friction) * (1 - 2 * zeta1 + zeta2);
  const a = Math.sqrt(varY);
  const [b, c] = [covariance / a, Math.sqrt(varV - (covariance / a) ** 2)];
  const k = Math.sqrt(varV);
  const [s, t] = [covariance / k, Math.sqrt(varY - (covariance / k) ** 2)];
  const xi = first!.map((row, step) => row.map((b1, i) => (b * b1 + c * second![step]![i]!) / k));
  const eta = first!.map((row, step) => row.map((b1, i) => (a * b1 - s * xi[step]![i]!) / t));
  expectEnds(await run(cheng, [xi, eta]), fixture.end.chengetal);
});
