import { contours } from 'd3-contour';
import { extent, type Frame, frame } from './chart/frame.ts';
import { dotsAt, lineThrough, stem } from './chart/marks.ts';
import { drawing, element } from './chart/svg.ts';

/** Eigenvalues of a precision, as the `spectrum` command gives them. */
export interface Level {
  readonly value: number;
  readonly multiplicity: number;
}

/** Plots eigenvalues on a logarithmic axis, each a stem as high as its multiplicity. */
export function spectrumFigure(levels: readonly Level[]): string {
  const values = levels.map(({ value }) => value);
  const highest = Math.max(...levels.map(({ multiplicity }) => multiplicity));
  const panel = frame({
    box: { left: 56, top: 24, right: 620, bottom: 284 },
    x: {
      label: 'eigenvalue of the precision',
      log: true,
      grid: true,
      inset: [16, 16],
      format: String,
      domain: extent(values),
    },
    y: { label: 'multiplicity', domain: [0, 1.1 * highest] },
  });
  const { left, right } = panel.box;
  const [y1, y2] = [panel.y(0), panel.y(0)];
  const stroke = { stroke: 'steelblue', 'stroke-width': 2 };
  return drawing(
    { width: 640, height: 320, title: 'Eigenvalues with their multiplicity', onWhite: true },
    panel.axes,
    element('line', { x1: left, x2: right, y1, y2, stroke: 'currentColor' }),
    ...levels.map(({ value, multiplicity }) => stem(panel, value, [0, multiplicity], stroke)),
    dotsAt(
      panel,
      levels.map(({ value, multiplicity }) => [value, multiplicity]),
      { r: 4, fill: 'steelblue' },
    ),
  );
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

const hues = ['#c2410c', '#7e22ce', '#15803d', '#be123c'];

/** Plots the contours of the smoothed density, chains walking over it, and where they jumped. */
export function walkFigure(picture: WalkPicture): string {
  const { domain, paths, jumps } = picture;
  const panel = frame({
    box: { left: 44, top: 24, right: 620, bottom: 600 },
    x: { domain: domain[0], label: 'ȳ₁' },
    y: { domain: domain[1], label: 'ȳ₂' },
  });
  return drawing(
    { width: 640, height: 640, title: 'Density contours, chains and jumps', onWhite: true },
    densityAreas(panel, picture),
    panel.axes,
    ...paths.map((path, chain) =>
      lineThrough(panel, path, {
        stroke: hues[chain % hues.length]!,
        width: 0.7,
        'stroke-opacity': 0.7,
      }),
    ),
    dotsAt(panel, jumps, { r: 1.8, fill: 'black', 'fill-opacity': 0.7 }),
  );
}

/** Shares of the highest density at which an area begins. */
const thresholds = [0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Where the density is above each threshold, the darker the higher. */
function densityAreas({ x, y }: Frame, { domain, logDensity, size }: WalkPicture): string {
  const highest = logDensity.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const density = Array.from(logDensity, (value) => Math.exp(value - highest));
  const [[x1, x2], [y1, y2]] = domain;
  // Values of the grid lie in the middle of its cells.
  const place = ([i = 0, j = 0]: readonly number[]) =>
    [x(x1 + (i / size) * (x2 - x1)), y(y1 + (j / size) * (y2 - y1))]
      .map((value) => value.toFixed(1))
      .join(',');
  const areas = contours().size([size, size]).thresholds(thresholds)(density);
  return areas
    .map(({ value, coordinates }) => {
      const rings = coordinates.flat().map((ring) => `M${ring.map(place).join('L')}Z`);
      const attributes = { fill: shade(value), stroke: 'white', 'stroke-width': 0.4 };
      return rings.length > 0 ? element('path', { d: rings.join(''), ...attributes }) : '';
    })
    .join('');
}

/** Red, green and blue of the shades of a density that is nowhere, in the middle, and highest. */
const shades = [
  [247, 251, 255],
  [107, 174, 214],
  [8, 81, 156],
] as const;

function shade(share: number): string {
  const [from, to] = share < 0.5 ? [shades[0], shades[1]] : [shades[1], shades[2]];
  const along = share < 0.5 ? 2 * share : 2 * share - 1;
  return `rgb(${from.map((value, i) => Math.round(value + along * (to[i]! - value))).join(',')})`;
}
