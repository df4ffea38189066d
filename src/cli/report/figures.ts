import * as Plot from '@observablehq/plot';
import { renderPlot } from './plot.ts';

/** Eigenvalues of a precision, as the `spectrum` command gives them. */
export interface Level {
  readonly value: number;
  readonly multiplicity: number;
}

/** Eigenvalues on a logarithmic axis, each a stem as high as its multiplicity. */
export function spectrumFigure(levels: readonly Level[]): string {
  return renderPlot({
    width: 640,
    height: 320,
    marginLeft: 56,
    ariaLabel: 'Eigenvalues with their multiplicity',
    style: { background: 'white', color: 'black' },
    x: {
      type: 'log',
      label: 'eigenvalue of the precision',
      grid: true,
      inset: 16,
      ticks: 5,
      tickFormat: String,
    },
    y: { label: 'multiplicity', domain: [0, Math.max(...levels.map((l) => l.multiplicity)) * 1.1] },
    marks: [
      Plot.ruleY([0]),
      Plot.ruleX(levels, { x: 'value', y: 'multiplicity', stroke: 'steelblue', strokeWidth: 2 }),
      Plot.dot(levels, { x: 'value', y: 'multiplicity', fill: 'steelblue', r: 4 }),
    ],
  });
}

/** What the figure of a walk in the plane shows. */
export interface WalkPicture {
  /** Limits of the picture: [x1, x2], [y1, y2]. */
  readonly domain: readonly [readonly [number, number], readonly [number, number]];
  /** log p(ȳ) on a grid of `size` × `size` points over the domain, row by row from y1. */
  readonly logDensity: Float64Array;
  readonly size: number;
  /** ȳ of a few chains, in time order. */
  readonly paths: readonly (readonly (readonly [number, number])[])[];
  /** x̂ of the same chains. */
  readonly jumps: readonly (readonly [number, number])[];
}

/** Contours of the smoothed density, chains walking over it, and where they jumped. */
export function walkFigure({ domain, logDensity, size, paths, jumps }: WalkPicture): string {
  const [[x1, x2], [y1, y2]] = domain;
  const highest = logDensity.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const density = Array.from(logDensity, (value) => Math.exp(value - highest));
  const steps = paths.flatMap((path, chain) => path.map(([x, y]) => ({ x, y, chain })));
  const hues = ['#c2410c', '#7e22ce', '#15803d', '#be123c'];
  return renderPlot({
    width: 640,
    height: 640,
    ariaLabel: 'Density contours, chains and jumps',
    style: { background: 'white', color: 'black' },
    x: { domain: [x1, x2], label: 'ȳ₁' },
    y: { domain: [y1, y2], label: 'ȳ₂' },
    color: { scheme: 'blues', domain: [0, 1.2] },
    marks: [
      Plot.contour(density, {
        ...{ width: size, height: size, x1, x2, y1, y2 },
        fill: (value: number) => value,
        thresholds: [0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
        stroke: 'white',
        strokeWidth: 0.4,
      }),
      Plot.line(steps, {
        ...{ x: 'x', y: 'y', z: 'chain', strokeWidth: 0.7, strokeOpacity: 0.7 },
        stroke: (step: { chain: number }) => hues[step.chain % hues.length],
      }),
      Plot.dot(jumps, { x: (p) => p[0], y: (p) => p[1], r: 1.8, fill: 'black', fillOpacity: 0.7 }),
    ],
  });
}
