import { type LoadOptions, type LoadProgress, loadDataset } from '../data/index.ts';
import type { Dataset } from '../train/index.ts';
import type { Output, ProgressBar } from './output.ts';

/** Work on data with a bar for each stage that takes more than a second. */
export async function withLoadProgress<T>(
  name: string,
  output: Output,
  work: (onProgress: (progress: LoadProgress) => void) => Promise<T>,
): Promise<T> {
  let shown: { readonly stage: string; readonly start: number; bar?: ProgressBar } | undefined;
  const onProgress = ({ stage, done, total }: LoadProgress) => {
    if (shown?.stage !== stage) {
      shown?.bar?.stop();
      shown = { stage, start: performance.now() };
    }
    const seconds = (performance.now() - shown.start) / 1000;
    if (seconds < 1) return;
    shown.bar ??= output.progress(`${stage} ${name}`, total);
    const rate = done / seconds;
    const note = `${Math.round(rate)} examples/s`;
    shown.bar.update(done, { secondsLeft: (total - done) / rate, note });
  };
  return work(onProgress).finally(() => shown?.bar?.stop());
}

/** `loadDataset`, with progress where it takes long. */
export async function loadShown(
  source: string,
  options: LoadOptions,
  output: Output,
): Promise<Dataset> {
  return withLoadProgress(source, output, (onProgress) =>
    loadDataset(source, { ...options, onProgress }),
  );
}
