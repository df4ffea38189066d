/** What was reported since the last line of the metrics: sums over `steps`. */
export interface Pending {
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

/** Averages what steps report, and measures how fast they come. */
export interface Meter {
  /** Steps that were made together. */
  add(reports: readonly { readonly loss: number; readonly gradientNorm: number }[]): void;
  /** Means over the steps added since the last call. */
  take(): {
    readonly loss: number;
    readonly gradientNorm: number;
    readonly imagesPerSecond: number;
  };
  /** Leaves out time that was not spent on steps, in milliseconds. */
  skip(duration: number): void;
  /** What the next `take` will average: a resumed run starts with it, and logs the same. */
  pending(): Pending;
  /** Rate over the last steps. */
  rate(): { readonly imagesPerSecond: number; readonly secondsPerStep: number };
}

/** Steps the rate is measured over: long enough to be calm, short enough to follow the machine. */
const WINDOW = 50;

const NOTHING: Pending = { steps: 0, loss: 0, gradientNorm: 0 };

/**
 * Starts a meter of loss, gradient norm and speed.
 *
 * @param batch Examples per step.
 */
export function startMeter(batch: number, start: Pending = NOTHING): Meter {
  /** When the last steps ended, and how many steps there had been. */
  let marks = [{ time: performance.now(), steps: 0 }];
  let sums = start;
  let [total, timed, takenAt] = [0, 0, marks[0]!.time];
  return {
    add: (reports) => {
      for (const { loss, gradientNorm } of reports) {
        sums = {
          steps: sums.steps + 1,
          loss: sums.loss + loss,
          gradientNorm: sums.gradientNorm + gradientNorm,
        };
      }
      timed += reports.length;
      total += reports.length;
      marks.push({ time: performance.now(), steps: total });
      if (marks.length > WINDOW) marks.shift();
    },
    take: () => {
      const now = performance.now();
      const { steps, loss, gradientNorm } = sums;
      const imagesPerSecond = (1000 * batch * timed) / (now - takenAt);
      sums = NOTHING;
      [timed, takenAt] = [0, now];
      return { loss: loss / steps, gradientNorm: gradientNorm / steps, imagesPerSecond };
    },
    skip: (duration) => {
      marks = marks.map(({ time, steps }) => ({ time: time + duration, steps }));
      takenAt += duration;
    },
    pending: () => sums,
    rate: () => {
      const [first, last] = [marks[0]!, marks.at(-1)!];
      const steps = Math.max(1, last.steps - first.steps);
      const secondsPerStep = (last.time - first.time) / 1000 / steps;
      return { secondsPerStep, imagesPerSecond: batch / secondsPerStep };
    },
  };
}
