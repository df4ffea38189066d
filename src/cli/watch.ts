import type { Progress } from '../progress.ts';
import type { Jump } from '../sample/index.ts';
import { interruptible } from './interrupt.ts';
import type { Output, ProgressBar } from './output.ts';

export interface WatchOptions {
  /** Seconds that work takes before its bar is shown: what is done sooner needs none. Default 1. */
  readonly after?: number;
}

/** What watched work is given. */
export interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onNote: (note: string) => void;
  /** Told of each jump of a walk, where somebody follows it. */
  readonly onJump?: ((jump: Jump) => void) | undefined;
}

/** Who else is told of progress: a process that runs commands for another. */
let told: ((progress: Progress) => void) | undefined;

/** Who is told of jumps, as they are made. */
let toldJumps: ((jump: Jump) => void) | undefined;

/** Tells somebody of the jumps of walks to come, or nobody. */
export function tellJumpsTo(listener: ((jump: Jump) => void) | undefined): void {
  toldJumps = listener;
}

/** Tells somebody of all progress in place of the terminal. */
export function tellProgressTo(listener: (progress: Progress) => void): void {
  told = listener;
}

/** Runs work with a bar for each thing that it says it does; Ctrl-C aborts its signal. */
export function watch<T>(
  output: Output,
  work: (work: Watched) => Promise<T>,
  options: WatchOptions = {},
): Promise<T> {
  const bars = createBars(output, options);
  const onNote = (note: string) => output.log(`note: ${note}`);
  const watched = { onProgress: told ?? bars.show, onNote, onJump: toldJumps };
  return interruptible((signal) => work({ signal, ...watched })).finally(bars.stop);
}

interface Bar {
  readonly label: string;
  readonly start: number;
  readonly first: number;
  shown?: ProgressBar;
}

/** One bar at a time: the next thing's takes the place of the last. */
function createBars(output: Output, { after = 1 }: WatchOptions) {
  let bar: Bar | undefined;
  const stop = () => {
    bar?.shown?.stop();
    bar = undefined;
  };
  const show = ({ label, done, of, unit, note }: Progress) => {
    const now = performance.now();
    if (bar?.label !== label) {
      stop();
      bar = { label, start: now, first: done };
    }
    const seconds = (now - bar.start) / 1000;
    if (seconds < after) return;
    bar.shown ??= output.progress(label, of);
    const rate = (done - bar.first) / seconds;
    const words = [note, rate > 0 && `${rateOf(rate, unit)}/s`].filter(Boolean).join(' · ');
    bar.shown.update(done, { secondsLeft: (of - done) / rate, note: words || unit });
  };
  return { show, stop };
}

function rateOf(rate: number, unit: string): string {
  if (unit === 'bytes') return `${(rate / 1e6).toFixed(1)} MB`;
  return `${rate < 10 ? rate.toPrecision(2) : Math.round(rate)} ${unit}`;
}
