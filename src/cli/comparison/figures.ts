import * as Plot from '@observablehq/plot';
import { renderPlot } from '../report/plot.ts';
import type { Protocol } from './protocol.ts';
import type { Row } from './row.ts';
import { type CostName, costs } from './table.ts';

/** A colour for each row: shades that differ in print too come with the names. */
const hues = [
  ...['#1d4ed8', '#0891b2', '#0f766e', '#c2410c', '#a16207', '#be123c', '#7e22ce'],
  '#475569',
];

const white = { background: 'white', color: 'black', fontSize: '11px' } as const;

const colourOf = ({ entries }: Protocol) => {
  const names = entries.map(({ name }) => name);
  return (name: string) => hues[names.indexOf(name) % hues.length]!;
};

/**
 * Time and memory of training and time of a call against M, a panel for each, as multiples of the first row's
 * at its least M: so all share an axis, and what is flat is seen.
 */
export function costFigure(protocol: Protocol, rows: readonly Row[]): string {
  const colour = colourOf(protocol);
  const members = [...protocol.cost.measurements].sort((a, b) => a - b);
  const points = (Object.keys(costs) as CostName[]).flatMap((cost) => multiplesOf(cost, rows));
  const hue = ({ name }: { readonly name: string }) => colour(name);
  const ends = { x: 'measurements', y: 'value', fx: 'panel' };
  const [first] = protocol.entries;
  return renderPlot({
    ...{ width: 960, height: 400, marginLeft: 56, marginRight: 20, style: white },
    ariaLabel: 'Cost of each parametrization by the number of measurements M',
    fx: { label: null, domain: Object.values(costs).map(({ name }) => name) },
    x: { type: 'log', base: 2, ticks: members, tickFormat: String, label: 'M', grid: true },
    y: {
      ...{ type: 'log', grid: true, insetTop: 14 * protocol.entries.length, tickFormat: '~g' },
      ...{ labelAnchor: 'center', labelArrow: 'none' },
      label: `multiple of ${first!.name} at M = ${members[0]}`,
    },
    marks: [
      Plot.lineY(points, { ...ends, z: 'name', stroke: hue, strokeWidth: 1.8 }),
      Plot.dot(points, { ...ends, fill: hue, r: 3 }),
      ...legend(protocol, { fx: costs.stepSeconds.name }),
    ],
  });
}

function multiplesOf(cost: CostName, rows: readonly Row[]) {
  const found = rows.flatMap((row) =>
    row.stage === 'cost' && row[cost] ? [{ row, value: row[cost] }] : [],
  );
  return found.map(({ row: { name, measurements }, value }) => ({
    ...{ name, measurements, panel: costs[cost].name, value: value / found[0]!.value },
  }));
}

/** A point of a curve. */
export interface CurvePoint {
  readonly name: string;
  readonly step: number;
  readonly loss: number;
}

/** The loss of the estimator on held-out examples while it learns. */
export function lossFigure(protocol: Protocol, points: readonly CurvePoint[]): string {
  const colour = colourOf(protocol);
  return renderPlot({
    ...{ width: 720, height: 400, marginLeft: 56, marginRight: 20, style: white },
    ariaLabel: 'Held-out loss of each parametrization by training step',
    x: { label: 'training steps', grid: true, tickFormat: '~s' },
    y: { type: 'log', label: '‖x − x̂(y)‖², held out', grid: true, tickFormat: '~g' },
    marks: [
      Plot.lineY(points, {
        ...{ x: 'step', y: 'loss', z: 'name', strokeWidth: 1.8 },
        stroke: ({ name }: CurvePoint) => colour(name),
      }),
      ...legend(protocol, {}, 'top-right'),
    ],
  });
}

/** Names in the colour of their lines. */
function legend(
  protocol: Protocol,
  place: { readonly fx?: string },
  frameAnchor: 'top-left' | 'top-right' = 'top-left',
) {
  const colour = colourOf(protocol);
  return protocol.entries.map(({ name }, i) =>
    Plot.text([{ ...place }], {
      ...{ ...(place.fx && { fx: 'fx' }), frameAnchor, dx: frameAnchor === 'top-left' ? 8 : -8 },
      ...{ text: () => `━ ${name}`, fill: colour(name), fontWeight: 600, dy: 6 + 14 * i },
      ...{ stroke: 'white', strokeWidth: 4 },
    }),
  );
}
