/** Work of several tasks at once, with one bar. */
import type { Output } from '../output.ts';

/** A thing to do, and its size in the units of the progress. */
export interface Job<T> {
  readonly size: number;
  readonly run: (onProgress: (progress: { readonly done: number }) => void) => Promise<T>;
}

/** All at once: the pool takes as many as it has workers. The first failure ends it. */
export async function runJobs<T>(
  jobs: readonly Job<T>[],
  label: string,
  unit: string,
  output: Output,
): Promise<T[]> {
  const total = jobs.reduce((sum, { size }) => sum + size, 0);
  const bar = output.progress(label, total);
  const done = jobs.map(() => 0);
  let first: { readonly at: number; readonly made: number } | undefined;
  const show = (i: number, value: number) => {
    done[i] = value;
    const made = Math.round(done.reduce((sum, own) => sum + own, 0));
    // Workers take a while to start, which says nothing about their rate.
    first ??= { at: performance.now(), made };
    const rate = (made - first.made) / ((performance.now() - first.at) / 1000);
    const note =
      made > first.made ? `${rate < 10 ? rate.toPrecision(2) : Math.round(rate)} ${unit}/s` : unit;
    bar.update(made, { secondsLeft: (total - made) / rate, note });
  };
  const runs = jobs.map(async ({ run, size }, i) => {
    const result = await run((progress) => show(i, progress.done));
    show(i, size);
    return result;
  });
  return Promise.all(runs).finally(() => bar.stop());
}
