import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { input, sizeOf, type Tensor } from '../src/graph/index.ts';
import { createNetwork, findPreset } from '../src/nn/index.ts';
import { matmulCase } from './matmul.ts';
import { line, measure, percent, table } from './measure.ts';

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

/** `int8`: inference with all layers in 8 bits, of which `--precision int8` leaves some out. */
const modes = { train: 'training', infer: 'inference', int8: 'inference, all in 8 bits' } as const;

type Mode = keyof typeof modes;

const modeNames = Object.keys(modes) as Mode[];

const forEachMode = <T>(of: (mode: Mode) => T) =>
  Object.fromEntries(modeNames.map((mode) => [mode, of(mode)])) as Record<Mode, T>;

interface Rates {
  readonly imagesPerSecond: Record<Mode, number>;
  readonly peakGiB: Record<Mode, number>;
}

/**
 * Training and inference of U-Nets, in 8 bits too, beside guided-diffusion's in PyTorch where a peer
 * is given. Rows are told as they are measured, and what is measured now.
 */
export async function benchUnet(
  seconds: number,
  peer: Peer | undefined,
  only: readonly string[],
  tell: { readonly row: (text: string) => void; readonly progress: (text: string) => void },
) {
  const names = (Object.keys(configurations) as ConfigurationName[]).filter(
    (name) => only.length === 0 || only.includes(name),
  );
  const [yardstick] = await measure([await matmulCase()], seconds);
  const matmul = yardstick!.median / 1e9;
  tell.row(`MatMul 1024: ${matmul.toFixed(0)} GFLOP/s\n${table(header, [])}`);
  const results: Result[] = [];
  for (const [i, name] of names.entries()) {
    const step = (what: string) => tell.progress(`${name} (${i + 1} of ${names.length}): ${what}`);
    // Before and after the peer, so that a machine whose speed drifts treats both alike.
    const before = await ours(name, seconds, step);
    step('PyTorch');
    const theirs = peer && (await runPeer(peer, name, seconds));
    const own = theirs ? meanOf(before, await ours(name, seconds, step)) : before;
    const result = { name, ...describe(name, own, matmul), ...(theirs && { peer: theirs }) };
    results.push(result);
    for (const cells of rowsOf(result)) tell.row(line(cells));
  }
  return { result: { matmulGflops: matmul, configurations: results }, text: '' };
}

function describe(name: ConfigurationName, { imagesPerSecond, peakGiB }: Rates, matmul: number) {
  const { shape, batch } = configurations[name];
  const forward = countOperations(name, shape) / 1e9;
  const gflops = forEachMode(
    (mode) => (mode === 'train' ? 3 : 1) * forward * imagesPerSecond[mode],
  );
  const share = forEachMode((mode) => gflops[mode] / matmul);
  return { batch, forwardGflop: forward, imagesPerSecond, gflops, share, peakGiB };
}

type Result = ReturnType<typeof describe> & { readonly name: string; readonly peer?: PeerResult };

const header = [
  ...['U-Net', 'images/s', 'GFLOP/s', 'of MatMul', 'peak GiB'],
  ...['PyTorch, single', 'ratio', 'PyTorch, bfloat16', 'ratio'],
];

/** A row for each mode. In 8 bits the peer is the same inference in PyTorch's own precisions. */
function rowsOf({ name, batch, imagesPerSecond, gflops, share, peakGiB, peer }: Result) {
  return modeNames.map((mode) => {
    const rate = imagesPerSecond[mode];
    const beside = (theirs: number | null | undefined) => [
      theirs?.toPrecision(3) ?? '–',
      theirs ? (rate / theirs).toFixed(2) : '–',
    ];
    const theirs = mode === 'train' ? 'train' : 'infer';
    return [
      `${name}, ${modes[mode]}, batch ${batch}`,
      rate.toPrecision(3),
      gflops[mode].toFixed(0),
      percent(share[mode]),
      peakGiB[mode].toFixed(1),
      ...beside(peer?.single[theirs]),
      ...beside(peer?.bfloat16[theirs]),
    ];
  });
}

async function ours(
  name: ConfigurationName,
  seconds: number,
  step: (what: string) => void,
): Promise<Rates> {
  const rates: Partial<Record<Mode, Rate>> = {};
  for (const mode of modeNames) {
    step(modes[mode]);
    rates[mode] = await runCase(name, mode, seconds);
  }
  return {
    imagesPerSecond: forEachMode((mode) => rates[mode]!.imagesPerSecond),
    peakGiB: forEachMode((mode) => rates[mode]!.peakGiB),
  };
}

interface Rate {
  readonly imagesPerSecond: number;
  readonly peakGiB: number;
}

async function runCase(name: ConfigurationName, mode: Mode, seconds: number): Promise<Rate> {
  const script = fileURLToPath(new URL('unet-case.ts', import.meta.url));
  const argv = ['--import', 'tsx', script, name, mode, String(seconds)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  return JSON.parse(stdout);
}

function meanOf(a: Rates, b: Rates): Rates {
  const both = (key: keyof Rates) => forEachMode((mode) => (a[key][mode] + b[key][mode]) / 2);
  return { imagesPerSecond: both('imagesPerSecond'), peakGiB: both('peakGiB') };
}

/** Images per second of the fastest of eager, channels-last and compiled, null where none ran. */
interface PeerRates {
  readonly train: number | null;
  readonly infer: number | null;
}

interface PeerResult {
  readonly version: string;
  readonly single: PeerRates;
  readonly bfloat16: PeerRates;
}

async function runPeer({ python, guidedDiffusion }: Peer, name: string, seconds: number) {
  const script = fileURLToPath(new URL('peers/unet_torch.py', import.meta.url));
  const { stdout } = await promisify(execFile)(python, [
    script,
    ...['--guided-diffusion', guidedDiffusion, '--configurations', name],
    ...['--seconds', String(seconds)],
  ]);
  return JSON.parse(stdout)[name] as PeerResult;
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
