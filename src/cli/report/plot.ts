import * as Plot from '@observablehq/plot';
import { Window } from 'happy-dom';

/** One line of a chart: points in order. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface ChartOptions {
  readonly x: string;
  readonly y: string;
  readonly logY?: boolean;
}

/** A line chart. */
export function lineChart(series: readonly Series[], { x, y, logY = false }: ChartOptions): string {
  const rows = series.flatMap(({ name, points }) =>
    points.map(([at, value]) => ({ name, at, value })),
  );
  const line = { x: 'at', y: 'value', z: 'name', stroke: 'currentColor', strokeWidth: 1.5 };
  return renderPlot({
    width: 720,
    height: 300,
    marginLeft: 56,
    ariaLabel: `${y} by ${x}`,
    x: { label: x },
    y: { label: y, grid: true, ...(logY && { type: 'log' as const }) },
    marks: [Plot.lineY(rows, line)],
  });
}

/** A plot as SVG text that stands on its own, in a page or a file. */
export function renderPlot(options: Plot.PlotOptions): string {
  const window = new Window();
  const document = window.document as unknown as Document;
  const svg = Plot.plot({ ...options, document }).outerHTML;
  void window.happyDOM.close();
  return svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');
}
