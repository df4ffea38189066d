/** Figure 6: effective samples of ȳ per score call, by kernel, target and M. */
import * as Plot from '@observablehq/plot';
import {
  exactDenoiser,
  findTarget,
  type SmoothedDensity,
  sampleSmoothed,
} from '../../src/density/index.ts';
import { UserError } from '../../src/errors.ts';
import { effectiveSampleSize } from '../../src/evaluate/index.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import { type KernelName, kernels, walkJump } from '../../src/sample/index.ts';
import { sideBySide, table, white } from './panels.ts';

const targets = [
  { name: 'eight-gaussians', sigma: 1 },
  { name: 'two-moons', sigma: 0.5 },
  { name: 'swiss-roll', sigma: 0.5 },
];
const members = [1, 4, 16];
const names = Object.keys(kernels) as KernelName[];
const stepSizes = [0.5, 1, 1.5, 1.9, 2.1];
const CHAINS = 32;
/** Score calls of each chain after the burn-in, whatever the kernel. */
const CALLS = 1000;
/** Largest relative error of a variance of ȳ, and error of E log p(ȳ), with which a walk counts. */
const ALLOWED = 0.15;

export interface Efficiency {
  readonly target: string;
  readonly name: KernelName;
  readonly measurements: number;
  /** The least of ȳ₁, ȳ₂ and log p(ȳ), per score call; 0 where no step size passed. */
  readonly perCall: number;
  /** In units of σ. */
  readonly stepSize: number;
}

export async function measureEfficiency(): Promise<readonly Efficiency[]> {
  const result: Efficiency[] = [];
  for (const { name: target, sigma } of targets) {
    for (const name of names) {
      for (const measurements of members) {
        let best = { perCall: 0, stepSize: Number.NaN };
        for (const stepSize of stepSizes) {
          const perCall = await walkOnce(target, sigma, name, measurements, stepSize);
          if (perCall > best.perCall) best = { perCall, stepSize };
        }
        result.push({ target, name, measurements, ...best });
      }
    }
  }
  return result;
}

/** Effective samples per score call of one walk; 0 if it diverged or its law is clearly wrong. */
async function walkOnce(
  targetName: string,
  sigma: number,
  kernel: KernelName,
  measurements: number,
  stepSize: number,
): Promise<number> {
  const density = findTarget(targetName);
  const calls = kernels[kernel].scoreCalls;
  const steps = CALLS / calls;
  const exact = sampleSmoothed(density, sigma, randomKey(5), 20_000).ybar;
  const initial = startAt(exact, sigma, measurements);
  const options = { chains: CHAINS, steps, burnIn: steps / 5, seed: 3, kernel, measurements };
  const data = new Float64Array(CHAINS * steps * 2);
  let draw = 0;
  try {
    const walk = walkJump(exactDenoiser(density, sigma), { ...options, stepSize, initial });
    for await (const { ybar } of walk) {
      for (let c = 0; c < CHAINS; c++) {
        for (let i = 0; i < 2; i++) data[2 * (c * steps + draw) + i] = ybar[2 * c + i]!;
      }
      draw += 1;
    }
  } catch (error) {
    if (error instanceof UserError) return 0;
    throw error;
  }
  const wrong = [0, 1].some((i) => {
    const ratio = meanSquare(data, i) / meanSquare(exact, i);
    return !(Math.abs(ratio - 1) < ALLOWED);
  });
  const smoothed = density.smooth(sigma);
  const logs = logDensities(smoothed, data);
  const entropyError = meanOf(logs) - meanOf(logDensities(smoothed, exact));
  if (wrong || !(Math.abs(entropyError) < ALLOWED)) return 0;
  const sizes = [
    ...effectiveSampleSize({ data, shape: [CHAINS, steps, 2] }),
    ...effectiveSampleSize({ data: logs, shape: [CHAINS, steps, 1] }),
  ];
  return Math.min(...sizes) / (CHAINS * CALLS);
}

/** Exact draws of y, one for each chain: ȳ from `ybar`, residuals from its later rows. */
function startAt(ybar: Float64Array, sigma: number, measurements: number): Float32Array {
  const y = new Float32Array(CHAINS * measurements * 2);
  const scale = sigma * Math.sqrt(measurements);
  const normal = new Float64Array(y.length);
  fillNormal(randomKey(6), 0, normal);
  for (let c = 0; c < CHAINS; c++) {
    for (let i = 0; i < 2; i++) {
      const at = (m: number) => 2 * (c * measurements + m) + i;
      let mean = 0;
      for (let m = 0; m < measurements; m++) mean += normal[at(m)]! / measurements;
      for (let m = 0; m < measurements; m++) {
        y[at(m)] = ybar[2 * c + i]! + scale * (normal[at(m)]! - mean);
      }
    }
  }
  return y;
}

/** All targets are centred. */
function meanSquare(data: Float64Array, axis: number): number {
  let sum = 0;
  for (let i = axis; i < data.length; i += 2) sum += data[i]! ** 2;
  return sum / (data.length / 2);
}

/** Their mean tells local spreads that are wrong, which the variance of the whole does not. */
function logDensities(smoothed: SmoothedDensity, ybar: Float64Array): Float64Array {
  const logs = new Float64Array(ybar.length / 2);
  smoothed.logDensity(ybar, logs);
  return logs;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function efficiencyTable(rows: readonly Efficiency[]): string {
  const head = targets.flatMap(({ name }) => members.map((m) => `${name}, M = ${m}`));
  return table(
    ['kernel', ...head],
    names.map((name) => [
      `\`${name}\``,
      ...targets.flatMap(({ name: target }) =>
        members.map((m) => {
          const found = rows.find(
            (r) => r.name === name && r.target === target && r.measurements === m,
          )!;
          if (found.perCall === 0) return '–';
          const size = 1000 * found.perCall;
          return `${size.toFixed(size < 10 ? 1 : 0)} (${found.stepSize})`;
        }),
      ),
    ]),
  );
}

export function efficiencyFigure(rows: readonly Efficiency[]): string {
  const hues = new Map([
    [1, '#15803d'],
    [4, '#1d4ed8'],
    [16, '#c2410c'],
  ]);
  const top = Math.max(...rows.map(({ perCall }) => 1000 * perCall));
  const panels = targets.map(({ name: target, sigma }, k): Plot.PlotOptions => {
    const shown = rows.filter((row) => row.target === target && row.perCall > 0);
    return {
      style: white,
      marginLeft: 78,
      marginTop: 40,
      marginRight: 14,
      x: {
        label: 'effective samples per 1,000 score calls',
        type: 'log',
        domain: [1, 1.2 * top],
        ticks: 3,
        tickFormat: 'd',
        grid: true,
      },
      y: { label: null, domain: names, type: 'point', padding: 0.6 },
      marks: [
        Plot.dot(shown, {
          x: (row: Efficiency) => 1000 * row.perCall,
          y: 'name',
          stroke: (row: Efficiency) => hues.get(row.measurements)!,
          r: (row: Efficiency) => 3 + Math.log2(row.measurements),
          strokeWidth: 2,
        }),
        Plot.text([`${target}, σ̃ = ${sigma}`], { frameAnchor: 'top', dy: -26, fontSize: 13 }),
        ...(k === 0
          ? members.map((m) =>
              Plot.text([`M = ${m}`], {
                frameAnchor: 'top-left',
                dx: 8,
                dy: 6 + 16 * members.indexOf(m),
                fill: hues.get(m)!,
                fontSize: 12,
              }),
            )
          : []),
      ],
      r: { type: 'identity' },
    };
  });
  return sideBySide('Effective samples per score call', panels, 330, 330);
}
