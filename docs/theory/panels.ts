/** Drawing that the figures of theory.md share. */
import * as Plot from '@observablehq/plot';
import type { SmoothedDensity } from '../../src/density/index.ts';
import { renderPlot } from './render-plot.ts';

export const white = { background: 'white', color: 'black' };

/** Plots of one height side by side, as one SVG. */
export function sideBySide(
  label: string,
  panels: readonly Plot.PlotOptions[],
  width: number,
  height: number,
): string {
  const drawn = panels.map((panel, i) => {
    const svg = renderPlot({ ...panel, ariaLabel: label, width, height, className: `panel-${i}` });
    return svg.replace('<svg ', `<svg x="${i * width}" y="0" `);
  });
  const total = width * panels.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" role="img" aria-label="${label}" font-family="system-ui, sans-serif"><rect width="${total}" height="${height}" fill="white"/>${drawn.join('')}</svg>\n`;
}

/** Values on a grid of `size` × `size` cells over [−limit, limit]², row by row. */
export function onGrid(
  limit: number,
  size: number,
  value: (x: number, y: number) => number,
): number[] {
  const at = (k: number) => (2 * limit * (k + 0.5)) / size - limit;
  return Array.from({ length: size * size }, (_, k) =>
    value(at(k % size), at(Math.floor(k / size))),
  );
}

/** Filled contours of a density given on a grid, in parts of its maximum. */
export function contours(values: readonly number[], limit: number, size: number): Plot.Markish {
  const highest = Math.max(...values);
  return Plot.contour(
    values.map((value) => value / highest),
    {
      ...{ width: size, height: size, x1: -limit, x2: limit, y1: -limit, y2: limit },
      fill: (value: number) => value,
      thresholds: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
      stroke: 'white',
      strokeWidth: 0.4,
    },
  );
}

/** p_σ̃ at one point. */
export function densityAt(smoothed: SmoothedDensity, point: readonly number[]): number {
  const out = new Float64Array(1);
  smoothed.logDensity(Float64Array.from(point), out);
  return Math.exp(out[0]!);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
