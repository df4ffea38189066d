/** The losses of a training, as many as a chart can show, and how fast it goes. */

/** Losses of some steps that follow each other. */
export interface Stretch {
  /** The last of its steps. */
  readonly step: number;
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** Losses so far: each stretch but the last is of `width` steps. */
export interface LossHistory {
  readonly width: number;
  readonly stretches: readonly Stretch[];
  /** Losses of the stretch that is not full yet. */
  readonly rest: readonly number[];
  readonly step: number;
}

/** Most stretches that are kept; then two become one. */
const MOST = 400;

export const emptyHistory = (step = 0): LossHistory => ({
  width: 1,
  stretches: [],
  rest: [],
  step,
});

/** The history and more losses, of the steps that follow. */
export function withLosses(history: LossHistory, losses: readonly number[]): LossHistory {
  let { width, stretches, rest, step } = history;
  const grown = [...stretches];
  rest = [...rest];
  for (const loss of losses) {
    step += 1;
    (rest as number[]).push(loss);
    if (rest.length < width) continue;
    grown.push(stretchOf(step, rest));
    rest = [];
    if (grown.length < MOST) continue;
    stretches = paired(grown);
    grown.splice(0, grown.length, ...stretches);
    width *= 2;
  }
  return { width, stretches: grown, rest, step };
}

/** All stretches, the one that is not full too. */
export const stretchesOf = ({ stretches, rest, step }: LossHistory): readonly Stretch[] =>
  rest.length === 0 ? stretches : [...stretches, stretchOf(step, rest)];

function stretchOf(step: number, losses: readonly number[]): Stretch {
  return {
    step,
    mean: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    least: Math.min(...losses),
    most: Math.max(...losses),
  };
}

const paired = (stretches: readonly Stretch[]): Stretch[] =>
  Array.from({ length: Math.floor(stretches.length / 2) }, (_, k) => {
    const [a, b] = [stretches[2 * k]!, stretches[2 * k + 1]!];
    return {
      step: b.step,
      mean: (a.mean + b.mean) / 2,
      least: Math.min(a.least, b.least),
      most: Math.max(a.most, b.most),
    };
  });

/** Mean of the latest losses: a twentieth of all steps, at least 20. */
export function recentLoss(history: LossHistory): number | undefined {
  const all = stretchesOf(history);
  if (all.length === 0) return undefined;
  const wanted = Math.max(20, history.step / 20);
  const first = all.findIndex(({ step }) => step > history.step - wanted);
  const last = all.slice(first);
  return last.reduce((sum, { mean }) => sum + mean, 0) / last.length;
}

/** Round numbers 1, 2 and 5 times powers of ten within bounds, at most about eight. */
export function logTicks(least: number, most: number): readonly number[] {
  const decades = Math.log10(most / least);
  const factors = decades > 4 ? [1] : decades > 2.5 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power++) {
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= least && tick <= most) ticks.push(tick);
    }
  }
  return ticks;
}

/** When, in milliseconds, how many steps were made. */
export type Mark = readonly [time: number, step: number];

/** Milliseconds over which speed is measured. */
const WINDOW = 8000;

/** The marks and a new one, without those that are too old. */
export const withMark = (marks: readonly Mark[], mark: Mark): readonly Mark[] => [
  ...marks.filter(([time]) => time > mark[0] - WINDOW),
  mark,
];

/** Steps per second; undefined until there is something to measure. */
export function speedOf(marks: readonly Mark[]): number | undefined {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last || last[0] - first[0] < 200) return undefined;
  return (1000 * (last[1] - first[1])) / (last[0] - first[0]);
}

/** Seconds in words: `8 s`, `3:05 min`, `2:10 h`. */
export function showSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [unit, large] = whole < 3600 ? ['min', 60] : ['h', 3600];
  const small = Math.floor((whole % large) / (large / 60));
  return `${Math.floor(whole / large)}:${String(small).padStart(2, '0')} ${unit}`;
}
