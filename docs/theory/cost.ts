/** Figure 4: time of a step of `sachs` against M, in the walk of y and in the mean walk. */
import * as Plot from '@observablehq/plot';
import { type Denoiser, exactDenoiser, findTarget } from '../../src/density/index.ts';
import { walkJump } from '../../src/sample/index.ts';
import { table, white } from './panels.ts';
import { renderPlot } from './render-plot.ts';

interface Cost {
  readonly name: string;
  readonly measurements: number;
  readonly walk: 'walk of y' | 'mean walk';
  /** Over the same walk at M = 1. */
  readonly ratio: number;
}

/** ν of N(0, I) in 256 dimensions: a score that costs nothing, so the walk itself is seen. */
const cheap: Denoiser = {
  shape: [256],
  sigma: 1,
  denoise: async (z, out) => {
    for (let i = 0; i < z.length; i++) out[i] = z[i]! / 2;
  },
};

export async function measureCosts(): Promise<readonly Cost[]> {
  const targets = [
    { name: 'free score, d = 256', denoiser: cheap, chains: 16 },
    { name: 'two-moons, d = 2', denoiser: exactDenoiser(findTarget('two-moons'), 0.5), chains: 64 },
  ];
  const costs: Cost[] = [];
  for (const { name, denoiser, chains } of targets) {
    const base = { chains, steps: 60, jumpEvery: 60, burnIn: 20 };
    const times = new Map<string, number>();
    for (const meanWalk of [false, true]) {
      for (const measurements of [1, 2, 4, 8, 16, 32, 64]) {
        const options = { ...base, measurements, meanWalk };
        const time = await medianStep(denoiser, options);
        times.set(`${meanWalk} ${measurements}`, time);
        const ratio = time / times.get(`${meanWalk} 1`)!;
        costs.push({ name, measurements, walk: meanWalk ? 'mean walk' : 'walk of y', ratio });
      }
    }
  }
  return costs;
}

/** Median time between the ends of neighbouring steps. */
async function medianStep(
  denoiser: Denoiser,
  options: Parameters<typeof walkJump>[1],
): Promise<number> {
  const ends: number[] = [];
  const onProgress = () => ends.push(performance.now());
  for await (const _ of walkJump(denoiser, { ...options, onProgress }));
  const times = ends.slice(21).map((end, i) => end - ends[20 + i]!);
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

export function costTable(costs: readonly Cost[]): string {
  const series = [...new Set(costs.map(({ name, walk }) => `${name}, ${walk}`))];
  const rows = series.map((title) => [
    title,
    ...costs
      .filter(({ name, walk }) => `${name}, ${walk}` === title)
      .map(({ ratio }) => ratio.toFixed(ratio < 10 ? 2 : 1)),
  ]);
  return table(['time of a step, M = 1 is 1', '1', '2', '4', '8', '16', '32', '64'], rows);
}

export function costFigure(costs: readonly Cost[]): string {
  const last = costs.filter(({ measurements }) => measurements === 64);
  const z = ({ name, walk }: Cost) => `${name}, ${walk}`;
  const stroke = ({ walk }: Cost) => (walk === 'mean walk' ? '#15803d' : '#c2410c');
  const dash = ({ name }: Cost) => name.startsWith('free');
  const marks = [true, false].flatMap((free) => {
    const rows = costs.filter((cost) => dash(cost) === free);
    const style = free ? {} : { strokeDasharray: '5,3' };
    return [
      Plot.line(rows, { x: 'measurements', y: 'ratio', z, stroke, strokeWidth: 2, ...style }),
      Plot.dot(rows, { x: 'measurements', y: 'ratio', fill: stroke, r: 3 }),
    ];
  });
  const upper = last.filter(({ walk }) => walk === 'walk of y');
  return renderPlot({
    width: 640,
    height: 340,
    marginLeft: 50,
    marginRight: 190,
    ariaLabel: 'Time of a step against M, walk of y and mean walk',
    style: white,
    x: { type: 'log', base: 2, label: 'measurements M', tickFormat: 'd' },
    y: {
      type: 'log',
      base: 2,
      label: 'time of a step over that at M = 1',
      grid: true,
      ticks: 7,
      tickFormat: String,
    },
    marks: [
      ...marks,
      Plot.text(upper, {
        ...{ x: 'measurements', y: 'ratio', dx: 8, textAnchor: 'start', fill: stroke },
        text: z,
      }),
      Plot.text(['mean walk, both'], {
        ...{ x: 64, y: 1, dx: 8, textAnchor: 'start', fill: '#15803d' },
      }),
    ],
  });
}
