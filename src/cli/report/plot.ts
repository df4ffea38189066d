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
  /** Whether the axis starts at 0. */
  readonly zero?: boolean;
  /** A point that stands out, such as the best one. */
  readonly marked?: readonly [number, number] | undefined;
}

/**
 * Small enough that its text is read on a phone; wider pages show several side by side. Colours are those
 * of the page, dark or light.
 */
const size = { width: 360, height: 220, marginLeft: 52, marginRight: 16 } as const;

/** Fewest points that are a line by themselves. */
const FEW = 40;

/** Lines of series: the first in the text's colour, others in that of the accent. */
export function lineChart(
  series: readonly Series[],
  { x, y, logY = false, zero = false, marked }: ChartOptions,
): string {
  const rows = series.flatMap(({ points }, index) =>
    thin(points.filter(([, value]) => Number.isFinite(value) && !(logY && value <= 0))).map(
      ([at, value]) => ({ index, at, value, few: points.length < FEW }),
    ),
  );
  const colour = ({ index }: { readonly index: number }) =>
    index === 0 ? 'currentColor' : 'var(--accent)';
  const line = { x: 'at', y: 'value', stroke: colour, strokeWidth: 1.5 };
  const dots = rows.filter(({ few }) => few);
  return renderPlot({
    ...size,
    ariaLabel: `${y} by ${x}`,
    x: { label: x, ticks: 4, tickFormat: shortNumber, labelArrow: 'none' },
    y: {
      ...{ label: y, grid: true, ticks: 5, tickFormat: shortNumber, labelArrow: 'none' as const },
      ...(!logY && { zero }),
      ...(logY && { type: 'log' as const, ...logTicks(rows.map(({ value }) => value)) }),
    },
    marks: [
      ...series.map((_, index) =>
        Plot.lineY(
          rows.filter((row) => row.index === index),
          line,
        ),
      ),
      Plot.dot(dots, { x: 'at', y: 'value', fill: colour, r: 1.8 }),
      ...(marked
        ? [Plot.dot([marked], { x: '0', y: '1', r: 4.5, stroke: 'var(--accent)', strokeWidth: 2 })]
        : []),
    ],
  });
}

/** A labelled share. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

/** Shares as bars, each with its percentage; a dashed line where they would be equal. */
export function shareBars(shares: readonly Share[], label: string): string {
  return renderPlot({
    ...{ width: size.width, height: 48 + 19 * shares.length, marginRight: 36, marginTop: 8 },
    marginLeft: nameMargin(shares.map(({ name }) => name)),
    ariaLabel: label,
    x: { label, tickFormat: percent, ticks: 4, grid: true, labelArrow: 'none' },
    y: { label: null, tickSize: 0, domain: shares.map(({ name }) => name) },
    marks: [
      Plot.barX(shares, { x: 'share', y: 'name', fill: 'var(--fill)' }),
      Plot.ruleX([1 / shares.length], { stroke: 'currentColor', strokeDasharray: '3,3' }),
      Plot.text(shares, {
        ...{ x: 'share', y: 'name', textAnchor: 'start' as const, dx: 4 },
        text: ({ share }: Share) => percent(share),
        ...{ fill: 'currentColor', stroke: 'var(--page)' },
      }),
    ],
  });
}

/** Most classes whose cells hold their numbers. */
const NUMBERED = 12;

/** Counts `[K][K]` as shares of their row, in per cent. */
export function transitionMap(
  names: readonly string[],
  counts: readonly (readonly number[])[],
): string {
  const cells = counts.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((count, j) => ({ from: names[i]!, to: names[j]!, share: count / (total || 1) }));
  });
  const margin = nameMargin(names);
  const rotated = names.some((name) => name.length > 3);
  const [top, right] = rotated ? [margin, margin / 2] : [24, 4];
  const most = Math.max(...cells.map(({ share }) => share), 1e-9);
  return renderPlot({
    ...{ width: size.width, height: size.width - margin - right + top },
    ...{ marginLeft: margin, marginTop: top, marginBottom: 4, marginRight: right },
    ariaLabel: 'Class of a jump by the class of the one before, in per cent',
    x: {
      ...{ axis: 'top' as const, label: null, domain: names, tickSize: 0 },
      ...(rotated && { tickRotate: -60 }),
    },
    y: { label: null, domain: names, tickSize: 0 },
    marks: [
      Plot.cell(cells, {
        ...{ x: 'to', y: 'from', inset: 0.5, fill: 'var(--fill)' },
        fillOpacity: {
          value: ({ share }: { readonly share: number }) => share / most,
          scale: null,
        },
      }),
      ...(names.length <= NUMBERED
        ? [
            Plot.text(
              cells.filter(({ share }) => share > 0),
              {
                ...{ x: 'to', y: 'from', fontSize: 9 },
                text: ({ share }: { readonly share: number }) => String(Math.round(100 * share)),
              },
            ),
          ]
        : []),
    ],
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

const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;

const nameMargin = (names: readonly string[]) =>
  Math.min(110, 16 + 6 * Math.max(...names.map((name) => name.length)));

/** 12,000 → `12k`, 0.0015 → `0.0015`. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  if (size > 0 && size < 1e-4) return value.toExponential();
  return String(Number(value.toPrecision(6)));
}

/** Ticks of a logarithmic axis that spans few decades: 1, 2 and 5 of each, more within one. */
function logTicks(values: readonly number[]): { readonly ticks?: number[] } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!(high / low > 1) || high / low > 1e4) return {};
  const decades = Array.from({ length: 7 }, (_, i) => Math.floor(Math.log10(low)) + i);
  const steps = high / low < 10 ? [1, 1.5, 2, 3, 4, 6, 8] : [1, 2, 5];
  const ticks = decades
    .flatMap((decade) => steps.map((step) => Number((step * 10 ** decade).toPrecision(3))))
    .filter((tick) => tick >= low && tick <= high);
  return ticks.length > 1 ? { ticks } : {};
}

/** Most points of a line: more are not seen. */
const POINTS = 500;

/** Means of neighbours, where there are more points than can be seen. */
function thin(points: Series['points']): Series['points'] {
  const group = Math.ceil(points.length / POINTS);
  if (group <= 1) return points;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i) => {
    const part = points.slice(i * group, (i + 1) * group);
    return [part.at(-1)![0], mean(part.map(([, value]) => value))] as const;
  });
}
