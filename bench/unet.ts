import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { input, sizeOf, type Tensor } from '../src/graph/index.ts';
import { createNetwork, findPreset } from '../src/nn/index.ts';
import { matmulCase } from './matmul.ts';
import { measure, percent, table } from './measure.ts';

/** The four configurations, by preset: shape of an image and batch. */
export const configurations = {
  'unet-s': { shape: [1, 28, 28], batch: 32 },
  'unet-64': { shape: [1, 28, 28], batch: 32 },
  'unet-m': { shape: [3, 32, 32], batch: 16 },
  cifar10: { shape: [3, 32, 32], batch: 8 },
} as const;

export type ConfigurationName = keyof typeof configurations;

export interface Peer {
  /** A Python with PyTorch. */
  readonly python: string;
  /** A clone of guided-diffusion. */
  readonly guidedDiffusion: string;
}

type Mode = 'train' | 'infer';

interface Rates {
  readonly imagesPerSecond: Record<Mode, number>;
  readonly peakGiB: Record<Mode, number>;
}

/** Training and inference of U-Nets, beside guided-diffusion's in PyTorch where a peer is given. */
export async function benchUnet(seconds: number, peer: Peer | undefined, only: readonly string[]) {
  const names = (Object.keys(configurations) as ConfigurationName[]).filter(
    (name) => only.length === 0 || only.includes(name),
  );
  const [yardstick] = await measure([await matmulCase()], seconds);
  const matmul = yardstick!.median / 1e9;
  const results = [];
  for (const name of names) {
    // Before and after the peer, so that a machine whose speed drifts treats both alike.
    const before = await ours(name, seconds);
    const theirs = peer && (await runPeer(peer, name, seconds));
    const own = theirs ? meanOf(before, await ours(name, seconds)) : before;
    results.push({ name, ...describe(name, own, matmul), ...(theirs && { peer: theirs }) });
  }
  return {
    result: { matmulGflops: matmul, configurations: results },
    text: report(results, matmul),
  };
}

function describe(name: ConfigurationName, { imagesPerSecond, peakGiB }: Rates, matmul: number) {
  const { shape, batch } = configurations[name];
  const forward = countOperations(name, shape) / 1e9;
  const gflops = {
    train: 3 * forward * imagesPerSecond.train,
    infer: forward * imagesPerSecond.infer,
  };
  const share = { train: gflops.train / matmul, infer: gflops.infer / matmul };
  return { batch, forwardGflop: forward, imagesPerSecond, gflops, share, peakGiB };
}

type Result = ReturnType<typeof describe> & { readonly name: string; readonly peer?: PeerResult };

function report(results: readonly Result[], matmul: number): string {
  const rows = results.flatMap((result) =>
    (['train', 'infer'] as const).map((mode) => {
      const { name, batch, imagesPerSecond, gflops, share, peakGiB, peer } = result;
      const rate = imagesPerSecond[mode];
      const theirs = peer?.[mode];
      return [
        `${name}, ${mode === 'train' ? 'training' : 'inference'}, batch ${batch}`,
        rate.toPrecision(3),
        gflops[mode].toFixed(0),
        percent(share[mode]),
        peakGiB[mode].toFixed(1),
        theirs?.toPrecision(3) ?? '–',
        theirs ? (rate / theirs).toFixed(2) : '–',
      ];
    }),
  );
  const version = results.find(({ peer }) => peer)?.peer?.version ?? '';
  const header = ['U-Net', 'images/s', 'GFLOP/s', 'of MatMul', 'peak GiB'];
  return `MatMul 1024: ${matmul.toFixed(0)} GFLOP/s\n${table([...header, `PyTorch ${version}`, 'ratio'], rows)}`;
}

async function ours(name: ConfigurationName, seconds: number): Promise<Rates> {
  const [train, infer] = [
    await runCase(name, 'train', seconds),
    await runCase(name, 'infer', seconds),
  ];
  return {
    imagesPerSecond: { train: train.imagesPerSecond, infer: infer.imagesPerSecond },
    peakGiB: { train: train.peakGiB, infer: infer.peakGiB },
  };
}

async function runCase(name: ConfigurationName, mode: Mode, seconds: number) {
  const script = fileURLToPath(new URL('unet-case.ts', import.meta.url));
  const argv = ['--import', 'tsx', script, name, mode, String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  return JSON.parse(stdout) as { imagesPerSecond: number; peakGiB: number };
}

function meanOf(a: Rates, b: Rates): Rates {
  const of = (key: keyof Rates, mode: Mode) => (a[key][mode] + b[key][mode]) / 2;
  const both = (key: keyof Rates) => ({ train: of(key, 'train'), infer: of(key, 'infer') });
  return { imagesPerSecond: both('imagesPerSecond'), peakGiB: both('peakGiB') };
}

interface PeerResult {
  readonly version: string;
  readonly train: number;
  readonly infer: number;
  readonly trainGiB: number;
}

async function runPeer({ python, guidedDiffusion }: Peer, name: string, seconds: number) {
  const script = fileURLToPath(new URL('peers/unet_torch.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, [
    script,
    ...['--guided-diffusion', guidedDiffusion, '--configurations', name],
    ...['--seconds', String(seconds)],
  ]);
  const { modes, train, infer } = JSON.parse(stdout)[name];
  const [done] = Object.values<{ torch: string; trainGiB: number }>(modes).filter(
    (mode) => 'torch' in mode,
  );
  return { version: done!.torch, train, infer, trainGiB: done!.trainGiB } as PeerResult;
}

/**
 * Floating-point operations of one forward pass: two for each product in convolutions and matrix
 * products.
 */
function countOperations(name: ConfigurationName, shape: readonly number[]): number {
  const scope: Parameters<ReturnType<typeof createNetwork>>[0] = {
    at: () => scope,
    parameter: (parameter, size) => input(parameter, size),
    randomBytes: () => undefined,
    part: (build, inputs) => build(scope, inputs),
  };
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): number => {
    if (seen.has(tensor)) return 0;
    seen.add(tensor);
    return tensor.inputs.reduce((sum, from) => sum + visit(from), operationsOf(tensor));
  };
  return visit(createNetwork(findPreset(name).config)(scope, input('x', [1, ...shape])));
}

function operationsOf({ source, shape, inputs }: Tensor): number {
  const outputs = sizeOf(shape);
  if (source.kind !== 'op') return 0;
  if (source.op === 'conv2d') {
    const [, ...kernel] = inputs[1]!.shape;
    return 2 * outputs * sizeOf(kernel);
  }
  if (source.op !== 'matMul') return 0;
  const sizes = [...inputs[0]!.shape.slice(-2)];
  const inner = sizes[1] === shape.at(-1) || sizes[1] === shape.at(-2) ? sizes[0]! : sizes[1]!;
  return 2 * outputs * inner;
}
