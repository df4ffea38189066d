import { extent, frame } from './chart/frame.ts';
import { dotsAt, lineThrough, type Point, stem } from './chart/marks.ts';
import { drawing, element, textAt } from './chart/svg.ts';

/** One line of a chart: points in order. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface ChartOptions {
  readonly x: string;
  readonly y: string;
  readonly logY?: boolean;
  /** Whether the axis starts at 0. */
  readonly zero?: boolean;
  /** A point that stands out, such as the best one. */
  readonly marked?: Point | undefined;
}

/**
 * Small enough that its text is read on a phone; wider pages show several side by side. Colours are
 * those of the page, dark or light.
 */
const size = { width: 360, height: 220 } as const;
const box = { left: 52, top: 24, right: 344, bottom: 184 } as const;

/** Fewest points that are a line by themselves. */
const FEW = 40;

/** Plots the lines of series: the first in the text's colour, others in that of the accent. */
export function lineChart(
  series: readonly Series[],
  { x, y, logY = false, zero = false, marked }: ChartOptions,
): string {
  const shown = series.map(({ points }) => ({
    few: points.length < FEW,
    points: thin(points.filter(([, value]) => Number.isFinite(value) && !(logY && value <= 0))),
  }));
  const all = [...shown.flatMap(({ points }) => points), ...(marked ? [marked] : [])];
  const [low, high] = extent(all.map(([, value]) => value));
  const panel = frame({
    box,
    x: { label: x, domain: extent(all.map(([at]) => at)) },
    y: { label: y, grid: true, log: logY, domain: zero ? [Math.min(0, low), high] : [low, high] },
  });
  const lines = shown.map(({ few, points }, index) => {
    const colour = index === 0 ? 'currentColor' : 'var(--accent)';
    return (
      lineThrough(panel, points, { stroke: colour, width: 1.5 }) +
      (few ? dotsAt(panel, points, { r: 1.8, fill: colour }) : '')
    );
  });
  const ring = { r: 4.5, fill: 'none', stroke: 'var(--accent)', 'stroke-width': 2 };
  return drawing(
    { ...size, title: `${y} by ${x}` },
    panel.axes,
    ...lines,
    marked ? dotsAt(panel, [marked], ring) : '',
  );
}

/** A labelled share. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

const ROW = 19;

/** Plots shares as bars, each with its percentage; a dashed line where they would be equal. */
export function shareBars(shares: readonly Share[], label: string): string {
  const bottom = 8 + ROW * shares.length;
  const panel = frame({
    box: { left: nameMargin(shares.map(({ name }) => name)), top: 8, right: 324, bottom },
    x: { label, grid: true, format: percent, domain: [0, Math.max(...shares.map((s) => s.share))] },
    y: { domain: [0, 1], ticks: [] },
  });
  const [x, width] = [panel.x(0), (share: number) => panel.x(share) - panel.x(0)];
  const bars = shares.map(({ share }, i) => {
    const place = { x, y: 9 + ROW * i, width: width(share), height: ROW - 2 };
    return element('rect', { ...place, fill: 'var(--fill)' });
  });
  // The dashed line does not go through numbers.
  const halo = { stroke: 'var(--page)', 'stroke-width': 3, 'paint-order': 'stroke' };
  const labels = shares.map(({ name, share }, i) => {
    const y = 21 + ROW * i;
    return (
      textAt(x - 6, y, name, { anchor: 'end' }) +
      textAt(panel.x(share) + 4, y, percent(share), { anchor: 'start', ...halo })
    );
  });
  const dashes = { stroke: 'currentColor', 'stroke-dasharray': '3,3' };
  return drawing(
    { width: size.width, height: bottom + 40, title: label },
    panel.axes,
    ...bars,
    stem(panel, 1 / shares.length, [0, 1], dashes),
    ...labels,
  );
}

/** Most classes whose cells hold their numbers. */
const NUMBERED = 12;

/** Counts `[K][K]` as shares of their row, in per cent. */
export function transitionMap(
  names: readonly string[],
  counts: readonly (readonly number[])[],
): string {
  const shares = counts.map((row) => {
    const total = row.reduce((a, b) => a + b, 0) || 1;
    return row.map((count) => count / total);
  });
  const most = Math.max(...shares.flat(), 1e-9);
  const left = nameMargin(names);
  const rotated = names.some((name) => name.length > 3);
  const [top, right] = rotated ? [left, left / 2] : [24, 4];
  const side = (size.width - left - right) / names.length;
  const cells = shares.flatMap((row, i) =>
    row.map((share, j) => cell(left + side * j, top + side * i, side, share, share / most)),
  );
  const numbered = names.length <= NUMBERED;
  const labels = names.map((name, i) => {
    const [x, y] = [left + side * (i + 0.5), top - 6];
    const turn = rotated ? `rotate(-60 ${x} ${y})` : undefined;
    return (
      textAt(left - 6, top + side * (i + 0.5) + 3.5, name, { anchor: 'end' }) +
      textAt(x, y, name, { anchor: rotated ? 'start' : 'middle', transform: turn })
    );
  });
  return drawing(
    {
      width: size.width,
      height: top + side * names.length + 4,
      title: 'Class of a jump by the class of the one before, in per cent',
    },
    ...cells.map(({ square, number }) => square + (numbered ? number : '')),
    ...labels,
  );
}

/** A share as a square, the darker the larger, and as a number in per cent; none of nothing. */
function cell(x: number, y: number, side: number, share: number, strength: number) {
  const inner = { x: x + 0.5, y: y + 0.5, width: side - 1, height: side - 1 };
  const percents = { anchor: 'middle', 'font-size': 9 } as const;
  return {
    square: element('rect', { ...inner, fill: 'var(--fill)', 'fill-opacity': strength }),
    number:
      share > 0
        ? textAt(x + side / 2, y + side / 2 + 3, String(Math.round(100 * share)), percents)
        : '',
  };
}

const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;

const nameMargin = (names: readonly string[]) =>
  Math.min(110, 16 + 6 * Math.max(...names.map((name) => name.length)));

/** Most points of a line: more are not seen. */
const POINTS = 500;

/** Means of neighbours, where there are more points than can be seen. */
function thin(points: readonly Point[]): readonly Point[] {
  const group = Math.ceil(points.length / POINTS);
  if (group <= 1) return points;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return Array.from({ length: Math.ceil(points.length / group) }, (_, i) => {
    const part = points.slice(i * group, (i + 1) * group);
    return [part.at(-1)![0], mean(part.map(([, value]) => value))] as const;
  });
}
