/** Work of several tasks at once, told as one. */
import type { Work } from '../progress.ts';

/** A thing to do, and its size in the units of the progress. */
export interface Job<T> {
  readonly size: number;
  readonly run: (onProgress: (progress: { readonly done: number }) => void) => Promise<T>;
}

/** Starts all at once: the pool takes as many as it has workers. The first failure ends it. */
export async function runJobs<T>(
  jobs: readonly Job<T>[],
  label: string,
  unit: string,
  { onProgress }: Work,
): Promise<T[]> {
  const of = jobs.reduce((sum, { size }) => sum + size, 0);
  const done = jobs.map(() => 0);
  // Kept, not summed anew: there may be a million.
  let all = 0;
  const show = (i: number, value: number) => {
    all += value - done[i]!;
    done[i] = value;
    onProgress?.({ label, done: Math.min(of, Math.round(all)), of, unit });
  };
  const runs = jobs.map(async ({ run, size }, i) => {
    const result = await run((progress) => show(i, progress.done));
    show(i, size);
    return result;
  });
  return Promise.all(runs);
}
