/** Figures 1 and 2: an M-density in its own space, and that of its mean as M grows. */
import * as Plot from '@observablehq/plot';
import { effectiveNoise, findTarget, gpsLogDensity, mixture } from '../../src/density/index.ts';
import { contours, densityAt, onGrid, sideBySide, white } from './panels.ts';

/** p(y_1, y_2) for x near −2 or 2 and σ = 1, the density of ȳ, and that of the residual. */
export function splitFigure(): string {
  const x = mixture({
    weights: [0.4, 0.6],
    means: [[-2], [2]],
    covariances: [[[0.1]], [[0.1]]],
  });
  const sigma = 1;
  const mean = x.smooth(effectiveNoise(sigma, 2));
  const log = new Float64Array(1);
  const joint = (a: number, b: number) => {
    mean.logDensity(Float64Array.of((a + b) / 2), log);
    gpsLogDensity(log, Float64Array.of(a, b), sigma, 2, 1, log);
    return Math.exp(log[0]!);
  };
  const [limit, size] = [5, 100];
  const line = Array.from({ length: 201 }, (_, k) => (k - 100) / 20);
  const residual = (r: number) => Math.exp(-r * r) / Math.sqrt(Math.PI);
  return sideBySide(
    'The density of two measurements, of their mean and of their residual',
    [
      {
        style: white,
        marginLeft: 46,
        x: { label: 'y₁', domain: [-limit, limit] },
        y: { label: 'y₂', domain: [-limit, limit] },
        color: { scheme: 'blues', domain: [0, 1.2] },
        marks: [
          contours(onGrid(limit, size, joint), limit, size),
          Plot.line(
            [
              [-5, -5],
              [5, 5],
            ],
            { stroke: '#c2410c', strokeDasharray: '4,3' },
          ),
          Plot.text(['ȳ'], { x: 4.6, y: 4.1, fill: '#c2410c', fontSize: 14 }),
        ],
      },
      {
        style: white,
        marginLeft: 50,
        x: { label: 'ȳ (solid), residual y₁ − ȳ scaled by √2 (dashed)' },
        y: { label: 'density', grid: true },
        marks: [
          Plot.line(line, { x: (v) => v, y: (v) => densityAt(mean, [v]), stroke: '#c2410c' }),
          Plot.line(line, {
            x: (v) => v,
            y: (v) => residual(v / Math.SQRT2) / Math.SQRT2,
            stroke: 'steelblue',
            strokeDasharray: '5,3',
          }),
        ],
      },
    ],
    400,
    380,
  );
}

/** p(ȳ) of the two moons at σ = 1.2 for M = 1, 4, 16. */
export function shapeFigure(): string {
  const moons = findTarget('two-moons');
  const [limit, size, sigma] = [6, 90, 1.2];
  const panels = [1, 4, 16].map((measurements): Plot.PlotOptions => {
    const effective = effectiveNoise(sigma, measurements);
    const smoothed = moons.smooth(effective);
    return {
      style: white,
      marginLeft: 40,
      marginTop: 34,
      x: { label: 'ȳ₁', ticks: 5, domain: [-limit, limit] },
      y: { label: 'ȳ₂', domain: [-limit, limit], labelAnchor: 'center' },
      color: { scheme: 'blues', domain: [0, 1.2] },
      marks: [
        contours(
          onGrid(limit, size, (a, b) => densityAt(smoothed, [a, b])),
          limit,
          size,
        ),
        Plot.text([`M = ${measurements}, σ̃ = ${effective.toPrecision(2)}`], {
          ...{ frameAnchor: 'top', dy: -20, fontSize: 13 },
        }),
      ],
    };
  });
  return sideBySide('The density of the mean for M = 1, 4 and 16', panels, 300, 310);
}
