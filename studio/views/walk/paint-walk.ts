/** Painting chains: where they were, where they are, and where they jump. */
import type { Frame } from '../../target/frame.ts';
import type { Palette } from '../../target/paint.ts';
import { FADE } from './player.svelte.ts';
import { type Fading, TRAIL, type WalkRecord } from './record.ts';

/** Pieces of paths in one frame. */
const SEGMENTS = 900;
/** Steps of brightness of what fades. */
const BANDS = 6;
/** Pixels beyond which nothing is drawn: lines to there would cost time and show nothing. */
const FAR = 5000;

/** Jumps, paths and places of all chains. */
export function paintChains(
  context: CanvasRenderingContext2D,
  frame: Frame,
  colours: Palette,
  record: WalkRecord,
  clock: number,
): void {
  paintJumps(context, frame, colours, record.fading, clock);
  paintTrails(context, frame, colours, record.trail);
  const now = record.trail.at(-1);
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
}

const near = (x: number, y: number) => Math.abs(x) < FAR && Math.abs(y) < FAR;

/** Jumps fade: the line from ȳ first, the mark of x̂ after it. */
function paintJumps(
  context: CanvasRenderingContext2D,
  frame: Frame,
  { third }: Palette,
  fading: readonly Fading[],
  clock: number,
): void {
  context.strokeStyle = third;
  context.fillStyle = third;
  context.lineWidth = 1.2;
  const bands: Fading[][] = Array.from({ length: BANDS }, () => []);
  for (const jump of fading) {
    const age = (clock - jump.at) / FADE;
    if (age < 1) bands[Math.max(0, Math.floor(age * BANDS))]!.push(jump);
  }
  bands.forEach((jumps, band) => {
    const left = 1 - band / BANDS;
    context.globalAlpha = 0.75 * left * left;
    context.beginPath();
    for (const { from, to } of jumps) {
      const [x1, y1, x2, y2] = [frame.x(from[0]), frame.y(from[1]), frame.x(to[0]), frame.y(to[1])];
      if (!near(x1, y1) || band > BANDS / 2) continue;
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
    }
    context.stroke();
    context.globalAlpha = 0.9 * left;
    context.beginPath();
    for (const { to } of jumps) {
      const [x, y] = [frame.x(to[0]), frame.y(to[1])];
      context.moveTo(x + 2, y);
      context.arc(x, y, 2, 0, 2 * Math.PI);
    }
    context.fill();
  });
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

/** The chosen chain: a ring around ȳ and, where they are given, its measurements with lines to it. */
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
