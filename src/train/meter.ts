import type { StepReport } from './trainer.ts';

/** Averages what steps report, and measures how fast they come. */
export interface Meter {
  add(report: StepReport): void;
  /** Means over the steps added since the last call. */
  take(): {
    readonly loss: number;
    readonly gradientNorm: number;
    readonly imagesPerSecond: number;
  };
  /** Rate over the last steps. */
  rate(): { readonly imagesPerSecond: number; readonly secondsPerStep: number };
}

/** Steps the rate is measured over: long enough to be calm, short enough to follow the machine. */
const WINDOW = 50;

/** @param batch Examples per step. */
export function startMeter(batch: number): Meter {
  const times = [performance.now()];
  let reports: StepReport[] = [];
  let takenAt = times[0]!;
  const mean = (pick: (report: StepReport) => number) =>
    reports.reduce((sum, report) => sum + pick(report), 0) / reports.length;
  return {
    add: (report) => {
      reports.push(report);
      times.push(performance.now());
      if (times.length > WINDOW) times.shift();
    },
    take: () => {
      const now = performance.now();
      const imagesPerSecond = (1000 * batch * reports.length) / (now - takenAt);
      const result = {
        loss: mean((r) => r.loss),
        gradientNorm: mean((r) => r.gradientNorm),
        imagesPerSecond,
      };
      reports = [];
      takenAt = now;
      return result;
    },
    rate: () => {
      const secondsPerStep = (times.at(-1)! - times[0]!) / 1000 / Math.max(1, times.length - 1);
      return { secondsPerStep, imagesPerSecond: batch / secondsPerStep };
    },
  };
}
