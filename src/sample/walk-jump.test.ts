import { describe, expect, test } from 'vitest';
import type { Denoiser } from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import type { Jump } from './jump.ts';
import type { State } from './kernel.ts';
import type { WalkJumpOptions } from './options.ts';
import { gpsTarget } from './target.ts';
import { walkJump } from './walk-jump.ts';

/** Exact ν of x ~ N(mean, τ²) in each dimension, counting its calls. */
function gaussianDenoiser(d: number, sigma: number, mean = 0.5, tau = 0.3) {
  const gain = tau ** 2 / (tau ** 2 + sigma ** 2);
  const denoiser = {
    shape: [d],
    sigma,
    calls: 0,
    async denoise(z: Float32Array, out: Float32Array) {
      denoiser.calls += 1;
      for (let i = 0; i < z.length; i++) out[i] = mean + gain * (z[i]! - mean);
    },
  };
  return denoiser;
}

async function collect(denoiser: Denoiser, options: WalkJumpOptions): Promise<Jump[]> {
  const jumps: Jump[] = [];
  for await (const jump of walkJump(denoiser, options)) jumps.push(jump);
  return jumps;
}

describe('walkJump', () => {
  test('jumps every k steps after the burn-in, each x̂ being ν of its own ȳ', async () => {
    const denoiser = gaussianDenoiser(3, 0.5);
    const progress: number[] = [];
    const jumps = await collect(denoiser, {
      measurements: 4,
      chains: 2,
      steps: 10,
      burnIn: 5,
      jumpEvery: 3,
      onProgress: ({ step, steps }) => progress.push(step / steps),
    });
    expect(jumps.map((jump) => jump.step)).toEqual([8, 11, 14]);
    expect(denoiser.calls).toBe(15 + 3);
    expect(progress).toHaveLength(15);
    expect(progress.at(-1)).toBe(1);
    for (const { ybar, xhat } of jumps) {
      const expected = new Float32Array(6);
      await denoiser.denoise(ybar, expected);
      expect(xhat).toEqual(expected);
    }
    expect(jumps[0]!.ybar).not.toEqual(jumps[1]!.ybar);
  });

  test('jumps do not disturb the walk', async () => {
    const options = { measurements: 2, chains: 3, steps: 12, seed: 4 };
    const often = await collect(gaussianDenoiser(2, 0.5), { ...options, jumpEvery: 1 });
    const once = await collect(gaussianDenoiser(2, 0.5), { ...options, jumpEvery: 12 });
    expect({ ...often.at(-1), scoreCalls: 0 }).toEqual({ ...once.at(-1), scoreCalls: 0 });
  });

  test('chains are the same to the bit in any batch', async () => {
    const options = { measurements: 3, steps: 20, jumpEvery: 5, seed: 2 ** 40 + 3 };
    const whole = await collect(gaussianDenoiser(5, 0.4), { ...options, chains: 7 });
    const part = await collect(gaussianDenoiser(5, 0.4), { ...options, chains: 3, firstChain: 2 });
    part.forEach((jump, i) => {
      expect(jump.ybar).toEqual(whole[i]!.ybar.subarray(10, 25));
      expect(jump.xhat).toEqual(whole[i]!.xhat.subarray(10, 25));
      expect(jump.state.position).toEqual(whole[i]!.state.position.subarray(30, 75));
    });
  });

  test('a saved state goes on to the same bits', async () => {
    const options = { measurements: 2, chains: 2, steps: 9, burnIn: 2, jumpEvery: 2, seed: 8 };
    let saved: State | undefined;
    const whole: Jump[] = [];
    for await (const jump of walkJump(gaussianDenoiser(2, 0.5), options)) {
      whole.push({ ...jump, state: structuredClone(jump.state) });
      if (jump.step === 6) saved = structuredClone(jump.state);
    }
    const rest = await collect(gaussianDenoiser(2, 0.5), { ...options, initial: saved! });
    expect(rest.map((jump) => jump.step)).toEqual([8, 10]);
    expect(rest.map((jump) => jump.xhat)).toEqual(whole.slice(-2).map((jump) => jump.xhat));
  });

  test.each([1, 4, 16])('ȳ has the law of x + σ̃ ε for M = %i', async (measurements) => {
    const [mean, tau, sigma] = [0.5, 0.3, 0.4];
    const [last] = await collect(gaussianDenoiser(1, sigma, mean, tau), {
      measurements,
      chains: 8000,
      steps: 60,
      jumpEvery: 60,
      initial: new Float32Array(8000 * measurements).fill(mean),
      seed: measurements,
    });
    let average = 0;
    let variance = 0;
    for (const z of last!.ybar) average += z / 8000;
    for (const z of last!.ybar) variance += (z - mean) ** 2 / 8000;
    const exact = tau ** 2 + sigma ** 2;
    // 4.5 standard errors. Sachs et al. has no bias in the positions of a Gaussian, and 60 steps of
    // γδ = 1/2 forget the start by e^{−15}.
    expect(Math.abs(average - mean)).toBeLessThan(4.5 * Math.sqrt(exact / 8000));
    expect(Math.abs(variance - exact)).toBeLessThan(4.5 * exact * Math.sqrt(2 / 8000));
  });

  test('starts from y_m = x0 + σ ε_m with x0 uniform', async () => {
    const start = { measurements: 4, chains: 4000, steps: 1, stepSize: 1e-6, friction: 1e-9 };
    const [jump] = await collect(gaussianDenoiser(1, 0.25), start);
    const y = jump!.state.position;
    let together = 0;
    let apart = 0;
    for (let c = 0; c < 4000; c++) {
      together += ((y[4 * c]! - 0.5) * (y[4 * c + 1]! - 0.5)) / 4000;
      apart += (y[4 * c]! - y[4 * c + 1]!) ** 2 / 4000;
    }
    // Cov(y_1, y_2) = 1/12, E (y_1 − y_2)² = 2σ² = 1/2, σ = 1/2; 4.5 standard errors.
    expect(Math.abs(together - 1 / 12)).toBeLessThan((4.5 * 0.35) / Math.sqrt(4000));
    expect(Math.abs(apart - 0.5)).toBeLessThan(4.5 * 0.5 * Math.sqrt(2 / 4000));
  });
});

describe('stopping', () => {
  test('the first value that is not finite stops the walk, after what was drawn', async () => {
    const options = { chains: 3, steps: 500, stepSize: 40, firstChain: 10, jumpEvery: 2 };
    const drawn: number[] = [];
    const walk = async () => {
      for await (const jump of walkJump(gaussianDenoiser(2, 0.5), options)) drawn.push(jump.step);
    };
    await expect(walk()).rejects.toThrow(
      /^chain 1[0-2], step \d+: the position is (NaN|-?Infinity); stepSize 40 is probably too large, try 20 [^\n]+$/,
    );
    expect(drawn.length).toBeGreaterThan(2);
  });

  test('a jump that is not finite names the model', async () => {
    const broken = gaussianDenoiser(2, 0.5);
    const { denoise } = broken;
    broken.denoise = async (z, out) => {
      await denoise(z, out);
      if (broken.calls === 5) out[3] = Number.NaN;
    };
    const run = collect(broken, { chains: 2, steps: 9, jumpEvery: 4 });
    await expect(run).rejects.toThrow(/^chain 1, step 4: the jump is NaN; the denoiser gives/);
    await expect(run).rejects.toBeInstanceOf(UserError);
  });

  test('a signal stops between steps, though every score is ready at once', async () => {
    const signal = AbortSignal.timeout(100);
    const run = collect(gaussianDenoiser(2, 0.5), {
      chains: 2,
      steps: 1e9,
      jumpEvery: 1e9,
      signal,
    });
    await expect(run).rejects.toHaveProperty('name', 'TimeoutError');
  });
});

describe('bad options', () => {
  const good = { chains: 2, steps: 4 };
  test.each([
    [{ chains: 0 }, /^chains: 0 is out of range; give a whole number of at least 1$/],
    [{ steps: 1.5 }, /^steps: 1.5 is out/],
    [{ measurements: 0 }, /^measurements: 0 is out/],
    [{ jumpEvery: 0 }, /^jumpEvery: 0 is out/],
    [{ burnIn: -1 }, /^burnIn: -1 is out of range; give a whole number of at least 0$/],
    [{ seed: 2 ** 53 }, /^seed: 9007199254740992 is out/],
    [{ firstChain: Number.NaN }, /^firstChain: NaN is out/],
    [{ stepSize: 0 }, /^stepSize: 0 is out of range; give a finite number above 0$/],
    [{ friction: Number.POSITIVE_INFINITY }, /^friction: Infinity is out/],
    [{ inverseMass: -1 }, /^inverseMass: -1 is out/],
    [
      { kernel: 'sach' as 'sachs' },
      /^kernel: no kernel is called "sach".* Did you mean "sachs"\?$/,
    ],
    [{ kernel: 'toString' as 'sachs' }, /^kernel: no kernel is called "toString"/],
    [{ initial: new Float32Array(3) }, /^initial: 3 numbers, but 2 chains .* are 4; give/],
    [{ initial: Float32Array.of(0, 0, 0, Number.NaN) }, /^initial: NaN at chain 1; give/],
    [{ initial: { step: 4, position: new Float32Array(4) } }, /^initial: .* has made 4 of 4 steps/],
  ])('%j', (options, message) => {
    const call = () => walkJump(gaussianDenoiser(2, 0.5), { ...good, ...options });
    expect(call).toThrow(UserError);
    expect(call).toThrow(message);
  });

  test('a saved state of another kernel', async () => {
    const initial = { step: 1, position: new Float32Array(4) };
    const run = collect(gaussianDenoiser(2, 0.5), { ...good, initial });
    await expect(run).rejects.toThrow(/^initial: the saved state has no velocity/);
  });
});

test('gpsTarget calls ν once for a jump and a score at the same place', async () => {
  const denoiser = gaussianDenoiser(2, 0.5);
  const target = gpsTarget(denoiser, 2, 1);
  const y = Float32Array.of(1, 2, 3, 4);
  const score = new Float32Array(4);
  await target.jump(y);
  await target.score(y, score);
  expect(denoiser.calls).toBe(1);
  y[0] = 5;
  await target.score(y, score);
  expect(denoiser.calls).toBe(2);
  expect(target.ybar).toEqual(Float32Array.of(4, 3));
});
