import type { ComparisonProtocol } from '../../experiment/parametrizations/protocol.ts';
import type { ComparisonRow } from '../../experiment/parametrizations/row.ts';
import { extent, frame } from '../chart/frame.ts';
import { dotsAt, legend, lineThrough, type Name } from '../chart/marks.ts';
import { panelBoxes } from '../chart/panels.ts';
import { drawing, textAt } from '../chart/svg.ts';
import { type CostName, costs } from './table.ts';

/** A colour for each row: shades that differ in print too come with the names. */
const hues = [
  ...['#1d4ed8', '#0891b2', '#0f766e', '#c2410c', '#a16207', '#be123c', '#7e22ce'],
  '#475569',
];

/** Names of rows in their colours. */
const namesOf = ({ entries }: ComparisonProtocol): Name[] =>
  entries.map(({ name }, i) => ({ name, colour: hues[i % hues.length]! }));

/**
 * Plots time and memory of training and time of a call against M, a panel for each, as multiples of
 * the first row's at its least M: so all share an axis, and what is flat is seen.
 */
export function costFigure(protocol: ComparisonProtocol, rows: readonly ComparisonRow[]): string {
  const members = [...protocol.cost.measurements].sort((a, b) => a - b);
  const shown = (Object.keys(costs) as CostName[]).map((cost) => ({
    title: costs[cost].name,
    points: multiplesOf(cost, rows),
  }));
  const values = shown.flatMap(({ points }) => points.map(({ value }) => value));
  const boxes = panelBoxes(shown.length, { left: 56, top: 48, right: 940, bottom: 360 });
  const names = namesOf(protocol);
  const label = `multiple of ${names[0]!.name} at M = ${members[0]}`;
  const panels = shown.map(({ title, points }, i) => {
    const box = boxes[i]!;
    const panel = frame({
      box,
      x: { ...memberAxis(members), label: 'M' },
      y: {
        log: true,
        grid: true,
        domain: extent(values),
        ...(i === 0 ? { label } : { bare: true }),
        inset: [0, 14 * names.length],
      },
    });
    const heading = { anchor: 'middle', 'font-weight': 600 } as const;
    return [
      panel.axes,
      textAt((box.left + box.right) / 2, 18, title, heading),
      ...names.map(({ name, colour }) => {
        const own = points.filter((point) => point.name === name);
        const line = own.map(({ measurements, value }) => [measurements, value] as const);
        return (
          lineThrough(panel, line, { stroke: colour }) + dotsAt(panel, line, { r: 3, fill: colour })
        );
      }),
      i === 0 ? legend(panel, names) : '',
    ].join('');
  });
  const title = 'Cost of each parametrization by the number of measurements M';
  return drawing({ width: 960, height: 400, title, onWhite: true, fontSize: 11 }, ...panels);
}

const memberAxis = (members: readonly number[]) => ({
  log: true,
  grid: true,
  domain: [members[0]!, members.at(-1)!] as const,
  ticks: members,
  format: String,
  inset: [6, 6] as const,
});

function multiplesOf(cost: CostName, rows: readonly ComparisonRow[]) {
  const found = rows.flatMap((row) =>
    row.stage === 'cost' && row[cost] ? [{ row, value: row[cost] }] : [],
  );
  return found.map(({ row: { name, measurements }, value }) => ({
    name,
    measurements,
    panel: costs[cost].name,
    value: value / found[0]!.value,
  }));
}

/** A point of a curve. */
export interface CurvePoint {
  readonly name: string;
  readonly step: number;
  readonly loss: number;
}

/** Plots the loss of the estimator on held-out examples while it learns. */
export function lossFigure(protocol: ComparisonProtocol, points: readonly CurvePoint[]): string {
  const [steps, losses] = [points.map(({ step }) => step), points.map(({ loss }) => loss)];
  const names = namesOf(protocol);
  const panel = frame({
    box: { left: 56, top: 28, right: 700, bottom: 360 },
    x: { label: 'training steps', grid: true, domain: extent(steps) },
    y: {
      label: '‖x − x̂(y)‖², held out',
      log: true,
      grid: true,
      domain: extent(losses),
    },
  });
  const lines = names.map(({ name, colour }) => {
    const own = points.filter((point) => point.name === name);
    const line = own.map(({ step, loss }) => [step, loss] as const);
    return lineThrough(panel, line, { stroke: colour });
  });
  const title = 'Held-out loss of each parametrization by training step';
  return drawing(
    { width: 720, height: 400, title, onWhite: true, fontSize: 11 },
    panel.axes,
    ...lines,
    legend(panel, names, 'right'),
  );
}
