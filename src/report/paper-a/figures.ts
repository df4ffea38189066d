import type { Summary } from '../../experiment/paper-a/summary.ts';
import { type Box, type Frame, frame } from '../chart/frame.ts';
import { dotsAt, legend, lineThrough, stem } from '../chart/marks.ts';
import { panelBoxes } from '../chart/panels.ts';
import { drawing, textAt } from '../chart/svg.ts';

const hues = ['#1d4ed8', '#c2410c', '#15803d', '#7e22ce', '#be123c', '#0f766e'];

interface FrictionPoint {
  readonly sigma: number;
  readonly measurements: number;
  readonly friction: number;
  readonly mean: number;
  readonly deviation: number;
}

const pointsOf = (summaries: readonly Summary[]): FrictionPoint[] =>
  summaries.flatMap(({ stage, sigma, measurements, friction, values: { fd } }) =>
    stage === 'friction' && fd ? [{ sigma, measurements, friction, ...fd }] : [],
  );

const sorted = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);

/**
 * Plots the distance of each member against the effective friction, a panel for each class: figure
 * 2 of paper A.
 */
export function frictionFigure(summaries: readonly Summary[], metric: string): string {
  const points = pointsOf(summaries);
  const members = sorted(points.map(({ measurements }) => measurements));
  const sigmas = [...new Set(points.map(({ sigma }) => sigma))];
  const width = Math.min(960, 260 + 260 * sigmas.length);
  const boxes = panelBoxes(sigmas.length, { left: 56, top: 48, right: width - 20, bottom: 300 });
  const names = members.map((count, i) => ({ name: `M = ${count}`, colour: hueOf(i) }));
  const panels = sigmas.map((sigma, i) => {
    const title = { anchor: 'middle', 'font-weight': 600 } as const;
    const box = boxes[i]!;
    const name = `σ̃ = ${Number(sigma.toPrecision(3))}`;
    const panel = frictionFrame(points, box, i === 0 ? metric : undefined);
    const inPanel = points.filter((point) => point.sigma === sigma);
    return [
      panel.axes,
      textAt((box.left + box.right) / 2, 18, name, title),
      ...members.map((count, index) =>
        member(
          panel,
          inPanel.filter(({ measurements }) => measurements === count),
          hueOf(index),
        ),
      ),
      // The ends of lines lie too close for names: a legend in the first panel.
      i === 0 ? legend(panel, names) : '',
    ].join('');
  });
  const title = `${metric} by effective friction, for each number of measurements`;
  return drawing({ width, height: 340, title, onWhite: true }, ...panels);
}

const hueOf = (index: number) => hues[index % hues.length]!;

/** A panel whose axes are the same in all; `metric` names that at the left, in the first one. */
function frictionFrame(points: readonly FrictionPoint[], box: Box, metric?: string): Frame {
  const frictions = sorted(points.map(({ friction }) => friction));
  const low = Math.min(...points.map(({ mean, deviation }) => mean - deviation));
  const high = Math.max(...points.map(({ mean, deviation }) => mean + deviation));
  return frame({
    box,
    x: {
      label: 'effective friction γδ',
      log: true,
      grid: true,
      domain: [frictions[0]!, frictions.at(-1)!],
      ticks: frictions,
      format: fraction,
      inset: [6, 6],
    },
    y: {
      ...(metric === undefined ? {} : { label: `${metric}, mean ± deviation over seeds` }),
      grid: true,
      domain: [low, high],
      inset: [0, 24],
      bare: metric === undefined,
    },
  });
}

/** A line through the means, with a stem of a deviation to either side. */
function member(panel: Frame, points: readonly FrictionPoint[], stroke: string): string {
  const means = [...points]
    .sort((a, b) => a.friction - b.friction)
    .map(({ friction, mean }) => [friction, mean] as const);
  const stems = points.map(({ friction, mean, deviation }) =>
    stem(panel, friction, [mean - deviation, mean + deviation], { stroke }),
  );
  return (
    lineThrough(panel, means, { stroke }) +
    stems.join('') +
    dotsAt(panel, means, { r: 3, fill: stroke })
  );
}

/** Writes a number as one over a whole number, where it is that: 0.0625 → `1/16`. */
export function fraction(value: number): string {
  const inverse = Math.round(1 / value);
  if (value < 1 && Math.abs(inverse * value - 1) < 1e-9) return `1/${inverse}`;
  return String(Number(value.toPrecision(3)));
}
