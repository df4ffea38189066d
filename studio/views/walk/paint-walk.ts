/** Painting chains: where they were, where they are, and where they jump. */
import type { Frame } from '../../target/frame.ts';
import type { Palette } from '../../target/paint.ts';
import { BINS } from './diagnostics.ts';
import { type Fading, TRAIL, type WalkRecord } from './record.ts';

/** Pieces of paths in one frame. */
const SEGMENTS = 900;
/** Steps of brightness of what fades. */
const BANDS = 6;
/** Pixels beyond which nothing is drawn: lines to there would cost time and show nothing. */
const FAR = 5000;

/** Milliseconds for which a jump is seen, and in slow motion. */
const FADE = [1100, 3200] as const;
/** Steps a second up to which steps and jumps are drawn out. */
export const SLOW = 6;
/** Milliseconds that a jump takes in slow motion. */
const JUMPING = 450;

/** The picture's time and pace. */
export interface Moment {
  /** In milliseconds; it rests while the walk does. */
  readonly clock: number;
  /** Steps a second. */
  readonly speed: number;
  /** Whether chains may have been refused their step. */
  readonly refusals: boolean;
}

/** Milliseconds after which a jump is gone. */
export const fadeOf = (speed: number): number => FADE[speed <= SLOW ? 1 : 0];

/** Jumps, paths and places of all chains. */
export function paintChains(
  context: CanvasRenderingContext2D,
  frame: Frame,
  colours: Palette,
  record: WalkRecord,
  moment: Moment,
): void {
  paintJumps(context, frame, colours, record.fading, moment);
  paintTrails(context, frame, colours, record.trail);
  const now = placesNow(record, moment);
  if (!now) return;
  context.globalAlpha = 1;
  context.fillStyle = colours.second;
  context.strokeStyle = colours.panel;
  context.lineWidth = 1;
  context.beginPath();
  const radius = now.length > 128 ? 2.2 : 3.6;
  for (let i = 0; i < now.length; i += 2) {
    const [x, y] = [frame.x(now[i]!), frame.y(now[i + 1]!)];
    if (!near(x, y)) continue;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
  context.stroke();
  if (moment.refusals) paintRefused(context, frame, colours, record.trail);
}

/** Where chains are drawn: on their way to the latest place, where the motion is slow. */
function placesNow({ trail, movedAt }: WalkRecord, { clock, speed }: Moment) {
  const [before, latest] = [trail.at(-2), trail.at(-1)];
  const share = speed > SLOW ? 1 : Math.min(1, ((clock - movedAt) * speed) / 800);
  if (!latest || !before || share >= 1) return latest;
  return latest.map((value, i) => before[i]! + share * (value - before[i]!));
}

/** Marks the chains that stayed where they were: their proposal was refused. */
function paintRefused(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { text }: Palette,
  trail: readonly Float32Array[],
): void {
  const [before, latest] = [trail.at(-2), trail.at(-1)];
  if (!before || !latest) return;
  context.strokeStyle = text;
  context.lineWidth = 1.4;
  context.beginPath();
  for (let i = 0; i < latest.length; i += 2) {
    if (latest[i] !== before[i] || latest[i + 1] !== before[i + 1]) continue;
    const [x, y] = [frame.x(latest[i]!), frame.y(latest[i + 1]!)];
    if (!near(x, y)) continue;
    context.moveTo(x - 3.5, y - 3.5);
    context.lineTo(x + 3.5, y + 3.5);
    context.moveTo(x - 3.5, y + 3.5);
    context.lineTo(x + 3.5, y - 3.5);
  }
  context.stroke();
}

/** Share of the picture that marginals take from its edge. */
const MARGIN = 0.13;

/**
 * Marginals along the top and the right edge: bars of the draws, a line of the exact law, both as
 * densities in the same `BINS` bins over the side of the picture.
 */
export function paintMargins(
  context: CanvasRenderingContext2D,
  { width, height }: { readonly width: number; readonly height: number },
  { second, accent }: Palette,
  margins: readonly {
    readonly drawn: Float64Array;
    readonly exact: Float64Array | undefined;
  }[],
): void {
  const side = Math.min(width, height);
  const [left, top] = [(width - side) / 2, (height - side) / 2];
  const bin = side / BINS;
  margins.forEach(({ drawn, exact }, axis) => {
    const most = Math.max(...(exact ?? []), 1e-9) * 1.5;
    const reach = (density: number) => MARGIN * side * Math.min(1, density / most);
    context.globalAlpha = 0.45;
    context.fillStyle = second;
    drawn.forEach((density, k) => {
      const depth = reach(density);
      if (axis === 0) context.fillRect(left + k * bin, top, bin - 0.5, depth);
      else context.fillRect(left + side - depth, top + side - (k + 1) * bin, depth, bin - 0.5);
    });
    context.globalAlpha = 0.9;
    context.strokeStyle = accent;
    context.lineWidth = 1.4;
    context.beginPath();
    exact?.forEach((density, k) => {
      const [along, depth] = [(k + 0.5) * bin, reach(density)];
      if (axis === 0) context.lineTo(left + along, top + depth);
      else context.lineTo(left + side - depth, top + side - along);
    });
    context.stroke();
  });
  context.globalAlpha = 1;
}

const near = (x: number, y: number) => Math.abs(x) < FAR && Math.abs(y) < FAR;

/** Jumps fade: the line from ȳ first, the mark of x̂ after it. */
function paintJumps(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { third }: Palette,
  fading: readonly Fading[],
  { clock, speed }: Moment,
): void {
  context.strokeStyle = third;
  context.fillStyle = third;
  context.lineWidth = 1.2;
  const grown = ({ at }: Fading) => (speed > SLOW ? 1 : Math.min(1, (clock - at) / JUMPING));
  const bands: Fading[][] = Array.from({ length: BANDS }, () => []);
  for (const jump of fading) {
    const age = (clock - jump.at) / fadeOf(speed);
    if (age < 1) bands[Math.max(0, Math.floor(age * BANDS))]!.push(jump);
  }
  bands.forEach((jumps, band) => {
    const left = 1 - band / BANDS;
    context.globalAlpha = 0.75 * left * left;
    context.beginPath();
    for (const jump of jumps) {
      const [[x1, y1], [x2, y2]] = lineOf(jump, frame, grown(jump));
      if (!near(x1, y1) || band > BANDS / 2) continue;
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
    }
    context.stroke();
    context.globalAlpha = 0.9 * left;
    context.beginPath();
    for (const jump of jumps) {
      const [, [x, y]] = lineOf(jump, frame, grown(jump));
      context.moveTo(x + 2, y);
      context.arc(x, y, 2, 0, 2 * Math.PI);
    }
    context.fill();
  });
}

/** The line of a jump on the canvas, as far as it has come. */
function lineOf({ from, to }: Fading, { x, y }: Frame, share: number) {
  const end = [0, 1].map((i) => from[i]! + share * (to[i]! - from[i]!)) as [number, number];
  return [
    [x(from[0]), y(from[1])],
    [x(end[0]), y(end[1])],
  ] as const;
}

function paintTrails(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { second }: Palette,
  trail: readonly Float32Array[],
): void {
  const chains = (trail[0]?.length ?? 0) / 2;
  const length = Math.min(TRAIL, trail.length, Math.max(4, Math.floor(SEGMENTS / chains)));
  const shown = trail.slice(-length);
  context.strokeStyle = second;
  context.lineWidth = 1.3;
  context.lineJoin = 'round';
  for (let band = 0; band < BANDS; band++) {
    const first = Math.floor(((length - 1) * band) / BANDS);
    const last = Math.floor(((length - 1) * (band + 1)) / BANDS);
    context.globalAlpha = (0.6 * (band + 1)) / BANDS;
    context.beginPath();
    for (let chain = 0; chain < chains && last > first; chain++) {
      let drawing = false;
      for (let k = first; k <= last; k++) {
        const at = shown[k]!;
        const [x, y] = [frame.x(at[2 * chain]!), frame.y(at[2 * chain + 1]!)];
        if (!near(x, y)) drawing = false;
        else if (drawing) context.lineTo(x, y);
        else {
          context.moveTo(x, y);
          drawing = true;
        }
      }
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

/**
 * The chosen chain: a ring around ȳ and, where they are given, its measurements with lines to it.
 */
export function paintChosen(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { text, second }: Palette,
  [xbar, ybar]: readonly [number, number],
  measurements: Float32Array,
): void {
  const [cx, cy] = [frame.x(xbar), frame.y(ybar)];
  if (!near(cx, cy)) return;
  context.strokeStyle = second;
  context.lineWidth = 0.8;
  context.globalAlpha = 0.5;
  context.beginPath();
  for (let i = 0; i < measurements.length; i += 2) {
    context.moveTo(cx, cy);
    context.lineTo(frame.x(measurements[i]!), frame.y(measurements[i + 1]!));
  }
  context.stroke();
  context.globalAlpha = 1;
  context.beginPath();
  for (let i = 0; i < measurements.length; i += 2) {
    const [x, y] = [frame.x(measurements[i]!), frame.y(measurements[i + 1]!)];
    context.moveTo(x + 3, y);
    context.arc(x, y, 3, 0, 2 * Math.PI);
  }
  context.stroke();
  context.strokeStyle = text;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(cx, cy, 8, 0, 2 * Math.PI);
  context.stroke();
}
