import {
  compile,
  conv2d,
  conv2dWeight,
  convTranspose2d,
  input,
  reduceMax,
  sizeOf,
  type Tensor,
} from '../src/graph/index.ts';
import { matmulCase, values } from './matmul.ts';
import { type Case, measure, percent, table } from './measure.ts';

interface Layer {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
  readonly outputs: number;
}

const layers: readonly Layer[] = [
  { batch: 32, channels: 64, size: 28, outputs: 64 },
  { batch: 32, channels: 128, size: 16, outputs: 128 },
];

/** Convolutions with weights that change, as in training, as a share of the MatMul-1024 rate. */
export async function benchGraph(seconds: number) {
  const cases: Case[] = [await matmulCase()];
  for (const layer of layers) cases.push(...(await convCases(layer)));
  const [yardstick, ...rates] = await measure(cases, seconds);
  const rows = rates.map(({ name, best }) => ({
    name,
    gflops: best / 1e9,
    share: best / yardstick!.best,
  }));
  return {
    result: { matmulGflops: yardstick!.best / 1e9, convolutions: rows },
    text: `MatMul 1024: ${Math.round(yardstick!.best / 1e9)} GFLOP/s\n${table(
      ['3×3 convolution', 'GFLOP/s', 'share of MatMul'],
      rows.map(({ name, gflops, share }) => [name, gflops.toFixed(0), percent(share)]),
    )}`,
  };
}

async function convCases({ batch, channels, size, outputs }: Layer): Promise<Case[]> {
  const x = input('x', [batch, channels, size, size]);
  const w = input('w', [outputs, channels, 3, 3]);
  const dy = input('dy', [batch, outputs, size, size]);
  const options = { padding: 1 };
  const work = 2 * 9 * batch * size * size * channels * outputs;
  const name = `${batch}×${channels}×${size}×${size} → ${outputs}`;
  const make = async (kind: string, inputs: Record<string, Tensor>, y: Tensor): Promise<Case> => {
    const program = await compile({ inputs, outputs: { y: reduceMax(y) }, device: 'cpu' });
    const fed = Object.fromEntries(
      Object.entries(inputs).map(([key, tensor]) => [key, values(sizeOf(tensor.shape))]),
    );
    return { name: `${name}, ${kind}`, work, run: () => program(fed) };
  };
  return [
    await make('forward', { x, w }, conv2d(x, w, options)),
    await make('data gradient', { dy, w }, convTranspose2d(dy, w, options)),
    await make('weight gradient', { x, dy }, conv2dWeight(x, dy, { ...options, kernel: [3, 3] })),
  ];
}
