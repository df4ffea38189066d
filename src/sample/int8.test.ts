import { beforeAll, expect, test } from 'vitest';
import { datasetOf } from '../data/index.ts';
import { gaussian as exactGaussian } from '../density/index.ts';
import { inHalfPrecision, sizeOf } from '../graph/index.ts';
import {
  createModel,
  exportDenoiser,
  gaussian,
  modelConfigSchema,
  openDenoiser,
  withRough,
} from '../model/index.ts';
import { networks } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { train } from '../train/index.ts';
import { inEightBits, quantizeDenoiser } from './int8.ts';
import { walkJump } from './walk-jump.ts';

const covariance = [
  [1, 0.6],
  [0.6, 0.8],
];

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await learned();
});

/** A small network that has learned a Gaussian at σ̃ = 1/2. */
async function learned() {
  const points = Float32Array.from(exactGaussian([0, 0], covariance).sample(randomKey(1), 4000));
  const { bytes, model } = await train(datasetOf(points, [2], { name: 'points' }), {
    network: networks.mlp,
    noise: gaussian({ sigma: 0.5 }),
    steps: 800,
    batch: 256,
    threads: 1,
    seed: 1,
  });
  await model.release();
  return bytes;
}

async function inEight() {
  const options = { threads: 1, tolerance: 0.02 };
  const model = await openDenoiser(bytes, 'gaussian', options);
  const quantized = await quantizeDenoiser(model, bytes, 'gaussian', options);
  await model.release();
  expect(quantized.layers).toBeGreaterThan(0);
  expect(quantized.change).toBeLessThan(0.02);
  return quantized.bytes;
}

// Half precision is of GPUs; its file says the same to the runtime of the CPU.
const files = [
  { precision: '8 bits', fileOf: inEight },
  { precision: 'half precision', fileOf: async () => inHalfPrecision(bytes, 'gaussian') },
];

test.each(files)(
  'a walk in $precision has the law of one in single, within 5 %',
  async ({ fileOf }) => {
    const options = { threads: 1 };
    const model = await openDenoiser(bytes, 'gaussian', options);
    const both = await withRough(model, await fileOf(), 'gaussian', options);
    const walk = { chains: 2000, steps: 200, burnIn: 100, jumpEvery: 10, walk: 'mean' } as const;
    const single = await openDenoiser(bytes, 'gaussian', options);
    const moments: number[][] = [];
    for (const walked of [single, both]) {
      const sums = [0, 0, 0];
      let count = 0;
      for await (const { ybar } of walkJump(walked, { ...walk, seed: 3 })) {
        for (let i = 0; i < ybar.length; i += 2) {
          const [a, b] = [ybar[i]!, ybar[i + 1]!];
          [a * a, a * b, b * b].forEach((product, k) => {
            sums[k]! += product;
          });
          count += 1;
        }
      }
      moments.push(sums.map((sum) => sum / count));
      await walked.release();
    }
    // 40,000 draws that are worth 10,000 and more: three standard errors of the difference are 4 %.
    moments[1]!.forEach((value, i) => {
      expect(Math.abs(value - moments[0]![i]!)).toBeLessThan(0.05 * moments[0]![0]!);
    });
    // Both are of C + σ̃²I, as far as the network has learned it: within 10 %.
    const exact = [1.25, 0.6, 1.05];
    moments[1]!.forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(0.1 * exact[0]!);
    });
  },
);

test('jumps are of single precision: those of the model itself at the same place', async () => {
  const options = { threads: 1, tolerance: 0.02 };
  const model = await openDenoiser(bytes, 'gaussian', options);
  const { bytes: small } = await quantizeDenoiser(model, bytes, 'gaussian', options);
  const both = await withRough(model, small, 'gaussian', options);
  let calls = 0;
  for await (const { ybar, xhat, scoreCalls } of walkJump(both, {
    chains: 3,
    steps: 6,
    jumpEvery: 3,
  })) {
    const alone = new Float32Array(xhat.length);
    await model.denoise(ybar, alone);
    expect(xhat).toEqual(alone);
    calls += scoreCalls;
  }
  expect(calls).toBeGreaterThan(6);
  await both.release();
});

test('a walk that gains nothing goes on in single precision, and says so', async () => {
  const model = await openDenoiser(bytes, 'gaussian', { threads: 1 });
  const notes: string[] = [];
  let speed = 0;
  const made = await inEightBits(model, bytes, 'gaussian', {
    threads: 1,
    tolerance: 0.02,
    onNote: (note) => notes.push(note),
    onReport: (report) => {
      speed = report.speed;
    },
  });
  // A network of two numbers is as fast in either: whichever way it goes, it is said.
  expect(notes).toHaveLength(1);
  expect('rough' in made && made.rough !== undefined).toBe(speed >= 1.1);
  await made.release();
});

/** A family of no training whose classes differ. */
function family(required = false): Uint8Array {
  const config = modelConfigSchema.parse({
    parametrization: 'gps',
    view: 'preconditioned',
    noise: { type: 'gaussian', sigma: 1, measurements: 4, levels: { from: 0.25, to: 1 } },
    shape: [4],
    dataScale: { mean: [0, 0, 0, 0], deviation: 1 },
    condition: { type: 'class', classes: 5, dropout: 0.1, required },
    network: { type: 'mlp', width: 32, layers: 2 },
  });
  const size = createModel(config).specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const parameters = new Float32Array(size);
  fillNormal(randomKey(5), 0, parameters);
  return exportDenoiser(
    config,
    parameters.map((value) => value / 6),
  );
}

test('a family opened with a class for each chain walks each in its own', async () => {
  const file = family();
  const condition = { class: [0, 1, 2] };
  const options = { threads: 1, condition };
  const model = await openDenoiser(file, 'family', options);
  const { bytes: small } = await quantizeDenoiser(model, file, 'family', options);
  const both = await withRough(model, small, 'family', options);
  if (both.rate !== undefined || both.rough === undefined) throw new Error('has no rough estimate');
  // The class makes a difference, which 8 bits keep: rows of one place differ by much more than theirs.
  const z = new Float32Array(12).fill(0.3);
  const [exact, rough] = [new Float32Array(12), new Float32Array(12)];
  await both.denoise(z, exact);
  await both.rough(z, rough);
  const apart = Math.hypot(...exact.subarray(0, 4).map((value, i) => value - exact[4 + i]!));
  const change = Math.hypot(...exact.map((value, i) => value - rough[i]!));
  expect(change).toBeGreaterThan(0);
  expect(change).toBeLessThan(apart / 4);
  const at = both.at(0.5);
  expect(at.rough).toBeDefined();
  await at.rough!(z, rough);
  await both.release();
  // The whole way too, whatever this processor gains.
  const again = await openDenoiser(file, 'family', options);
  const made = await inEightBits(again, file, 'family', options);
  await made.denoise(z, rough);
  await made.release();
});

test('a model that must be told a class is calibrated under its classes alone', async () => {
  const options = { threads: 1, condition: { class: 1 } };
  const file = family(true);
  const model = await openDenoiser(file, 'required', options);
  expect((await quantizeDenoiser(model, file, 'required', options)).layers).toBeGreaterThan(0);
  const made = await inEightBits(model, file, 'required', options);
  await made.denoise(new Float32Array(4), new Float32Array(4));
  await made.release();
});

test('the lowest level that is walked says what is measured, where the model knows it', async () => {
  const file = family();
  const model = await openDenoiser(file, 'levels', { threads: 1 });
  const made = async (lowest: number | undefined) =>
    (await quantizeDenoiser(model, file, 'levels', { threads: 1, lowest })).bytes;
  // Its own is σ/√M = 1/2.
  const own = await made(undefined);
  expect(Buffer.from(await made(0.5)).equals(own)).toBe(true);
  expect(Buffer.from(await made(0.25)).equals(own)).toBe(false);
  // One that it does not know is refused where it is walked.
  expect(Buffer.from(await made(0.1)).equals(own)).toBe(true);
  await model.release();
});

test('another device, and counts, are one line', async () => {
  const model = await openDenoiser(bytes, 'points', { threads: 1 });
  await expect(
    quantizeDenoiser(model, bytes, 'points', { device: 'webgpu' }),
  ).rejects.toMatchObject({
    code: 'unsupported',
    facts: { option: 'precision', value: 'int8' },
    message: 'precision int8: is arithmetic of the CPU, not of webgpu; leave it out',
  });
  await model.release();
});
