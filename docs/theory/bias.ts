/** Figure 5: stationary variance of each kernel on N(0, 1), by its own linear recursion. */
import * as Plot from '@observablehq/plot';
import {
  type ChainNoise,
  chainNoise,
  type Kernel,
  type KernelName,
  kernels,
  type State,
  stream,
  type Target,
} from '../../src/sample/index.ts';
import { table, white } from './panels.ts';
import { renderPlot } from './render-plot.ts';

const FRICTION = 0.5;
const names = Object.keys(kernels) as KernelName[];
const linear = names.filter((name) => !kernels[name].needsLogDensity);
const unitGaussian: Target = {
  dimension: 1,
  score: async (y, out) => {
    for (let i = 0; i < y.length; i++) out[i] = -y[i]!;
  },
  logDensity: async (y, out) => {
    for (let i = 0; i < y.length; i++) out[i] = -(y[i]! ** 2) / 2;
  },
};

/** What a step does to (position, second state) and with up to four noises, at one α. */
type Rows = readonly (readonly number[])[];

/** Nodes of the midpoint rule over α, which only the randomized midpoint uses. */
const NODES = 64;

/** Position, second state, and noises. */
const INPUTS = 6;

/**
 * The matrices of one step, read off the kernel: chain 6k + j starts from, or receives, a unit in
 * its j-th input and nothing else, at the k-th node of α.
 */
async function stepMatrices(kernel: Kernel, stepSize: number): Promise<readonly Rows[]> {
  const chains = INPUTS * NODES;
  let probing = false;
  const noise: ChainNoise = {
    chains,
    normal(purpose, _, out) {
      const input = 2 + purpose - stream.step;
      for (let c = 0; c < chains; c++) out[c] = probing && c % INPUTS === input ? 1 : 0;
    },
    uniform(_, __, out) {
      for (let c = 0; c < chains; c++) out[c] = (Math.floor(c / INPUTS) + 0.5) / NODES;
    },
  };
  const parameters = { stepSize, friction: FRICTION / stepSize, inverseMass: 1 };
  const walk = kernel.start(unitGaussian, parameters, noise);
  const state = await walk.init(
    Float32Array.from({ length: chains }, (_, c) => +(c % INPUTS === 0)),
  );
  second(state)?.forEach((_, c, array) => {
    array[c] = +(c % INPUTS === 1);
  });
  probing = true;
  await walk.step(state);
  return Array.from({ length: NODES }, (_, k) =>
    [state.position, second(state)].map((array) =>
      Array.from({ length: INPUTS }, (_, j) => array?.[INPUTS * k + j] ?? 0),
    ),
  );
}

/** The velocity, or the noise that is used twice. */
function second(state: State): Float32Array | undefined {
  const more = state as State & { velocity?: Float32Array; noise?: Float32Array };
  return more.velocity ?? more.noise;
}

/** Stationary variance of the position: the fixed point of S = mean over α of A S Aᵀ + B Bᵀ. */
async function stationaryVariance(name: KernelName, stepSize: number): Promise<number> {
  const steps = await stepMatrices(kernels[name] as Kernel, stepSize);
  // The mean over α of the products of coefficients is all that the fixed point needs.
  const mean = (f: (rows: Rows) => number) => steps.reduce((sum, rows) => sum + f(rows), 0) / NODES;
  const parts = [
    [0, 0],
    [0, 1],
    [1, 1],
  ].map(([a, b]) => ({
    yy: mean((r) => r[a!]![0]! * r[b!]![0]!),
    yv: mean((r) => r[a!]![0]! * r[b!]![1]! + r[a!]![1]! * r[b!]![0]!),
    vv: mean((r) => r[a!]![1]! * r[b!]![1]!),
    noise: mean((r) => [2, 3, 4, 5].reduce((sum, k) => sum + r[a!]![k]! * r[b!]![k]!, 0)),
  }));
  let s: readonly number[] = [1, 0, 1];
  for (let k = 0; k < 20_000 && s[0]! < 1e6; k++) {
    s = parts.map(({ yy, yv, vv, noise }) => yy * s[0]! + yv * s[1]! + vv * s[2]! + noise);
  }
  return s[0]! < 1e6 ? s[0]! : Number.POSITIVE_INFINITY;
}

/** The same by walking: 256 chains from N(0, 1), 200 steps, then the mean square over 1,500. */
async function walkedVariance(name: KernelName, stepSize: number): Promise<number> {
  const chains = 256;
  const noise = chainNoise(11, chains);
  const parameters = { stepSize, friction: FRICTION / stepSize, inverseMass: 1 };
  const walk = (kernels[name] as Kernel).start(unitGaussian, parameters, noise);
  const start = new Float32Array(chains);
  noise.normal(stream.smoothing, 0, start);
  const state = await walk.init(start);
  const steps = name === 'malt' ? 400 : 1500;
  let sum = 0;
  for (let k = -200; k < steps; k++) {
    await walk.step(state);
    if (k >= 0) for (const y of state.position) sum += y * y;
  }
  return sum / (steps * chains);
}

export interface Bias {
  readonly name: KernelName;
  readonly stepSize: number;
  readonly ratio: number;
  readonly walked?: number;
}

export async function measureBias(): Promise<readonly Bias[]> {
  const result: Bias[] = [];
  const sizes = Array.from({ length: 38 }, (_, k) => (k + 2) / 20);
  for (const name of names) {
    for (const stepSize of sizes) {
      const exact = linear.includes(name) ? await stationaryVariance(name, stepSize) : 1;
      const check = [0.5, 1, 1.5].includes(stepSize) && exact < 4;
      result.push({
        ...{ name, stepSize, ratio: exact },
        ...(check && { walked: await walkedVariance(name, stepSize) }),
      });
    }
  }
  return result;
}

export function biasTable(biases: readonly Bias[]): string {
  const sizes = [0.1, 0.25, 0.5, 1, 1.5, 1.9];
  const rows = names.map((name) => [
    `\`${name}\``,
    ...sizes.map((size) => {
      const found = biases.find((bias) => bias.name === name && bias.stepSize === size)!;
      if (found.ratio === Number.POSITIVE_INFINITY) return 'unstable';
      const walked = found.walked === undefined ? '' : ` (${found.walked.toFixed(3)})`;
      return `${found.ratio.toFixed(4)}${walked}`;
    }),
  ]);
  return table(['kernel', ...sizes.map((size) => `δ = ${size} s`)], rows);
}

export function biasFigure(biases: readonly Bias[]): string {
  const shown = biases.filter(({ ratio }) => ratio < 2.2);
  const biased = ['ula', 'cheng', 'shen-lee'];
  const hues = ['#c2410c', '#7e22ce', '#1d4ed8', '#15803d'];
  const stroke = ({ name }: Bias) => hues[biased.indexOf(name)] ?? hues[3]!;
  const at = (name: string, below: number) =>
    shown.filter((bias) => bias.name === name && bias.ratio < below).at(-1)!;
  const labels = [at('cheng', 1.9), at('ula', 1.5), at('shen-lee', 1.9)];
  return renderPlot({
    width: 640,
    height: 360,
    marginLeft: 50,
    marginRight: 60,
    ariaLabel: 'Stationary variance over the exact one against step size',
    style: white,
    x: { label: 'step size δ/s', domain: [0, 2] },
    y: { label: 'variance of the position over the exact one', grid: true, domain: [0.85, 2.2] },
    marks: [
      Plot.line(shown, { x: 'stepSize', y: 'ratio', z: 'name', stroke, strokeWidth: 2 }),
      Plot.dot(
        shown.filter(({ walked }) => walked !== undefined),
        { x: 'stepSize', y: 'walked', stroke, fill: 'white', r: 3.5 },
      ),
      Plot.text(labels.slice(0, 2), {
        ...{ x: 'stepSize', y: 'ratio', text: 'name', fill: stroke, dx: -8, textAnchor: 'end' },
        fontSize: 13,
      }),
      Plot.text(labels.slice(2), {
        ...{ x: 'stepSize', y: 'ratio', text: 'name', fill: stroke, dx: 8, textAnchor: 'start' },
        fontSize: 13,
      }),
      Plot.text(['sachs, baoab, baoab-limit, mala, malt'], {
        ...{ x: 1.3, y: 0.94, fill: hues[3]!, fontSize: 13 },
      }),
    ],
  });
}
