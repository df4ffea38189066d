/** Draws the samples of an evaluation: with progress, and able to go on after a kill. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Denoiser } from '../../density/index.ts';
import {
  type SampledFeatures,
  type SamplingOptions,
  type SamplingProgress,
  sampleFeatures,
} from '../../evaluate/index.ts';
import { readBytes, writeBytes } from '../../files.ts';
import { interruptible } from '../interrupt.ts';
import type { Output } from '../output.ts';
import type { OpenedFeatures } from './feature-networks.ts';

export interface DrawOptions {
  readonly denoiser: Denoiser;
  readonly network: OpenedFeatures;
  readonly walk: SamplingOptions['walk'];
  readonly draws: number;
  /** Where progress is kept. */
  readonly folder: string;
  /** What decides the numbers beside the walk: hashes of the model and the features. */
  readonly identity: readonly string[];
}

/** Milliseconds of work that a kill may cost. */
const SAVE_EVERY = 15_000;

/**
 * Samples as `sampleFeatures`. What is drawn is saved every 15 seconds and when Ctrl-C stops it; the same
 * command then goes on from there, to the same bits.
 */
export async function drawSamples(options: DrawOptions, output: Output): Promise<SampledFeatures> {
  const { denoiser, network, walk, draws, folder, identity } = options;
  const path = join(folder, `progress-${keyOf(walk, draws, identity)}.bin`);
  const from = await readProgress(path);
  const bar = output.progress('sampling', draws);
  const [start, done] = [performance.now(), from?.draws.length ?? 0];
  let [latest, saved] = [undefined as SamplingProgress | undefined, performance.now()];
  const save = async () => {
    if (latest) await writeBytes(path, serialize(latest));
    saved = performance.now();
  };
  const onDraw = async (progress: SamplingProgress) => {
    latest = progress;
    const made = progress.draws.length;
    const rate = (made - done) / ((performance.now() - start) / 1000);
    const note = `${Math.round(made * walk.chains)} samples`;
    bar.update(made, { secondsLeft: (draws - made) / rate, note });
    if (performance.now() - saved > SAVE_EVERY) await save();
  };
  const sampled = await interruptible(async (signal) => {
    try {
      return await sampleFeatures({
        denoiser,
        network,
        walk: { ...walk, signal },
        draws,
        from,
        onDraw,
      });
    } catch (error) {
      // The state stands between two steps: the walk goes on from there.
      if (signal.aborted) await save();
      throw error;
    }
  }).finally(() => bar.stop());
  await rm(path, { force: true });
  return sampled;
}

/** Another key for anything that would give other numbers. */
const keyOf = (walk: object, draws: number, identity: readonly string[]) =>
  createHash('sha256')
    .update(JSON.stringify([walk, draws, identity]))
    .digest('hex')
    .slice(0, 12);

/** A file that a crash spoiled is as good as none. */
async function readProgress(path: string): Promise<SamplingProgress | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    return deserialize(await readBytes(path)) as SamplingProgress;
  } catch {
    return undefined;
  }
}
