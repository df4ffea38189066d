/** Draws the samples of an evaluation: with progress, and able to go on after a kill. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { BayesEstimator } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import { readBytes, writeBytes } from '../../files.ts';
import type { Work } from '../../progress.ts';
import {
  type SampledFeatures,
  type SamplingOptions,
  type SamplingProgress,
  sampleFeatures,
} from '../sampled-features.ts';
import type { OpenedFeatures } from './features.ts';

export interface DrawOptions {
  readonly denoiser: BayesEstimator;
  readonly network: OpenedFeatures;
  readonly walk: SamplingOptions['walk'];
  readonly draws: number;
  /** Where progress is kept. */
  readonly folder: string;
  /** What decides the numbers beside the walk: hashes of the model and the features. */
  readonly identity: readonly string[];
}

/**
 * A save may cost one part in so many of the work, and is never made before so many milliseconds.
 */
const [SHARE, LEAST] = [20, 200] as const;

/** Samples, and the file that they can be had from again until results are written. */
export interface DrawnSamples {
  readonly sampled: SampledFeatures;
  readonly progress: string;
}

/**
 * Draws samples as `sampleFeatures`. What is drawn is saved now and then, at the end, and when the
 * signal stops it; the same call then goes on from there, to the same bits. The caller removes the
 * file once results are written.
 *
 * @throws UserError (`stopped`) where the signal stopped it, saying what was saved.
 */
export async function drawSamples(options: DrawOptions, work: Work = {}): Promise<DrawnSamples> {
  const { denoiser, network, walk, draws, folder, identity } = options;
  const { signal } = work;
  const path = join(folder, `progress-${keyOf(walk, draws, identity)}.bin`);
  const from = await readProgress(path);
  const saver = createSaver(path);
  const stoppable = { ...walk, ...(signal && { signal }), onProgress: showWalk(options, work) };
  const sampled = await sampleFeatures({
    denoiser,
    network,
    draws,
    from,
    walk: stoppable,
    onDraw: saver.offer,
  }).catch(async (error) => {
    if (!signal?.aborted) throw error;
    // The state stands between two steps: the walk goes on from there.
    const drawn = (await saver.save()) ?? from?.draws.length ?? 0;
    const kept = drawn > 0 ? `after ${drawn} of ${draws} draws, saved` : 'before the first draw';
    throw new UserError(`stopped ${kept}; start the same again to go on`, {
      code: 'stopped',
      facts: { drawn, draws },
    });
  });
  // Measuring may take long too, and be stopped.
  await saver.save();
  return { sampled, progress: path };
}

/** Writes progress to a file, the oftener the faster that is. */
function createSaver(path: string) {
  let latest: SamplingProgress | undefined;
  let next = performance.now() + LEAST;
  /** The draws that were saved; none where there is nothing to save. */
  const save = async () => {
    if (latest === undefined) return undefined;
    const start = performance.now();
    await writeBytes(path, serialize(latest));
    const end = performance.now();
    next = end + Math.max(LEAST, SHARE * (end - start));
    return latest.draws.length;
  };
  const offer = async (progress: SamplingProgress) => {
    latest = progress;
    if (performance.now() > next) await save();
  };
  return { save, offer };
}

/** Tells of the walk's steps, and how many samples there are. */
function showWalk(
  { walk: { chains, burnIn = 0, jumpEvery = 1 } }: DrawOptions,
  { onProgress }: Work,
) {
  return ({ step, steps }: { readonly step: number; readonly steps: number }) => {
    const samples = chains * Math.max(0, Math.floor((step - burnIn) / jumpEvery));
    const note = `${samples} samples`;
    onProgress?.({ label: 'sampling', done: step, of: steps, unit: 'steps', note });
  };
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
