import * as Plot from '@observablehq/plot';
import { renderPlot } from '../report/plot.ts';
import type { Summary } from './summary.ts';

const hues = ['#1d4ed8', '#c2410c', '#15803d', '#7e22ce', '#be123c', '#0f766e'];

/** The distance of each member against the effective friction, a panel for each class: figure 2 of paper A. */
export function frictionFigure(summaries: readonly Summary[], metric: string): string {
  const points = summaries.flatMap(({ stage, sigma, measurements, friction, values: { fd } }) =>
    stage === 'friction' && fd
      ? [{ sigma, member: `M = ${measurements}`, measurements, friction, ...fd }]
      : [],
  );
  const members = [...new Set(points.map(({ measurements }) => measurements))].sort(
    (a, b) => a - b,
  );
  const colour = ({ measurements }: { readonly measurements: number }) =>
    hues[members.indexOf(measurements) % hues.length]!;
  const classes = new Set(points.map(({ sigma }) => sigma)).size;
  const frictions = [...new Set(points.map(({ friction }) => friction))].sort((a, b) => a - b);
  const panel = (point: { readonly sigma: number }) => `σ̃ = ${Number(point.sigma.toPrecision(3))}`;
  const ends = { x: 'friction', fx: panel };
  return renderPlot({
    width: Math.min(960, 260 + 260 * classes),
    height: 340,
    marginLeft: 56,
    marginRight: 20,
    ariaLabel: `${metric} by effective friction, for each number of measurements`,
    style: { background: 'white', color: 'black' },
    fx: { label: null },
    x: {
      type: 'log',
      base: 2,
      label: 'effective friction γδ',
      ticks: frictions,
      tickFormat: fraction,
      grid: true,
    },
    y: { label: `${metric}, mean ± deviation over seeds`, grid: true, nice: true, insetTop: 24 },
    marks: [
      Plot.lineY(points, { ...ends, y: 'mean', z: 'member', stroke: colour, strokeWidth: 1.8 }),
      Plot.ruleX(points, {
        ...ends,
        y1: (p) => p.mean - p.deviation,
        y2: (p) => p.mean + p.deviation,
        stroke: colour,
      }),
      Plot.dot(points, { ...ends, y: 'mean', fill: colour, r: 3 }),
      // The ends of lines lie too close for names: a legend in the first panel.
      ...members.map((measurements, i) =>
        Plot.text([{ sigma: points[0]!.sigma }], {
          ...{ fx: panel, text: () => `━ M = ${measurements}`, fill: colour({ measurements }) },
          ...{ frameAnchor: 'top-left' as const, dx: 8, dy: 6 + 15 * i, fontWeight: 600 },
        }),
      ),
    ],
  });
}

/** 0.0625 → `1/16`. */
export function fraction(value: number): string {
  const inverse = Math.round(1 / value);
  if (value < 1 && Math.abs(inverse * value - 1) < 1e-9) return `1/${inverse}`;
  return String(Number(value.toPrecision(3)));
}
