import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import type { Kernel, KernelParameters, State, Walk } from '../kernel.ts';
import { chainNoise } from '../noise.ts';
import { gaussian, mixtureDraws, mixtureTarget, twoModes } from '../testing.ts';
import { kernels } from './index.ts';

const parameters: KernelParameters = { stepSize: 0.4, friction: 1.1, inverseMass: 0.8 };
const all = Object.entries(kernels) as [string, Kernel][];

async function run(walk: Walk, state: State, steps: number): Promise<State> {
  for (let k = 0; k < steps; k++) await walk.step(state);
  return state;
}

function start(kernel: Kernel, chains: number, firstChain = 0): Walk {
  return kernel.start(mixtureTarget(twoModes), parameters, chainNoise(21, chains, firstChain));
}

describe.each(all)('%s', (name, kernel) => {
  test('is registered under its name and reports what it did', async () => {
    expect(kernel.name).toBe(name);
    const walk = start(kernel, 3);
    const info = await walk.step(await walk.init(new Float32Array(3)));
    expect(info.scoreCalls).toBe(kernel.scoreCalls);
    expect(info.acceptance?.length).toBe(kernel.needsLogDensity ? 3 : undefined);
  });

  test('chains are the same to the bit in any batch', async () => {
    const from = mixtureDraws(twoModes, 2, 9);
    const whole = start(kernel, 9);
    const part = start(kernel, 4, 3);
    const a = await run(whole, await whole.init(from), 25);
    const b = await run(part, await part.init(from.slice(3, 7)), 25);
    for (const [key, array] of Object.entries(b)) {
      if (key === 'step') continue;
      expect(array, key).toEqual((a as unknown as Record<string, Float32Array>)[key]!.slice(3, 7));
    }
    expect(b.position).not.toEqual(from.slice(3, 7));
  });

  test('a copied state goes on to the same bits, in a new walk', async () => {
    const walk = start(kernel, 5);
    const state = await run(walk, await walk.init(mixtureDraws(twoModes, 2, 5)), 7);
    const copy = structuredClone(state);
    expect(await run(start(kernel, 5), copy, 6)).toEqual(await run(walk, state, 6));
  });

  test('does not change the position it starts from', async () => {
    const walk = start(kernel, 2);
    const from = Float32Array.of(0.3, -0.6);
    await run(walk, await walk.init(from), 3);
    expect(from).toEqual(Float32Array.of(0.3, -0.6));
  });

  test('walks without friction', async () => {
    const free = { ...parameters, friction: 0, stepSize: 0.1 };
    const walk = kernel.start(gaussian([1]), free, chainNoise(1, 4));
    const { position } = await run(walk, await walk.init(Float32Array.of(1, 0, -1, 2)), 20);
    for (const y of position) expect(Math.abs(y)).toBeLessThan(10);
  });
});

test.each(all.filter(([, kernel]) => kernel.needsLogDensity))(
  '%s refuses a target that has only a score, and one whose log-density is NaN',
  async (name, kernel) => {
    const { score, dimension, logDensity } = gaussian([1]);
    const begin = () => kernel.start({ score, dimension }, parameters, chainNoise(1, 2));
    expect(begin).toThrow(UserError);
    expect(begin).toThrow(new RegExp(`^kernel: ${name} needs the log-density[^\\n]+$`));
    const walk = kernel.start({ score, dimension, logDensity }, parameters, chainNoise(1, 2));
    await expect(walk.init(Float32Array.of(0, Number.NaN))).rejects.toThrow(
      /^initial: the log-density is NaN where chain 1 of this batch starts; [^\n]+$/,
    );
  },
);
