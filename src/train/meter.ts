/** What was reported since the last line of the metrics: sums over `steps`. */
export interface Pending {
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

/** Averages what steps report, and measures how fast they come. */
export interface Meter {
  add(report: { readonly loss: number; readonly gradientNorm: number }): void;
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

/** @param batch Examples per step. */
export function startMeter(batch: number, start: Pending = NOTHING): Meter {
  let times = [performance.now()];
  let sums = start;
  let [timed, takenAt] = [0, times[0]!];
  return {
    add: ({ loss, gradientNorm }) => {
      sums = {
        steps: sums.steps + 1,
        loss: sums.loss + loss,
        gradientNorm: sums.gradientNorm + gradientNorm,
      };
      timed += 1;
      times.push(performance.now());
      if (times.length > WINDOW) times.shift();
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
      times = times.map((time) => time + duration);
      takenAt += duration;
    },
    pending: () => sums,
    rate: () => {
      const secondsPerStep = (times.at(-1)! - times[0]!) / 1000 / Math.max(1, times.length - 1);
      return { secondsPerStep, imagesPerSecond: batch / secondsPerStep };
    },
  };
}
