/** Where an evaluation goes, and the files that it consists of. */
import { basename, extname, join, resolve } from 'node:path';
import { type Dataset, pick, readAllScaled } from '../../data/index.ts';
import { writeBytes } from '../../files.ts';
import { hasRun } from '../../run/index.ts';
import { boxNames, boxPath } from '../../run/model-box.ts';
import { folderOfModel, locateModel } from '../../run/model-file.ts';
import { encodePng, type Raster } from '../../sample/index.ts';
import { gridPicture, stripsPicture } from '../../sample/picture-sizes.ts';
import { isPictured } from '../../sample/pictures.ts';
import type { Findings, Measured } from '../measure.ts';
import type { SampledFeatures } from '../sampled-features.ts';
import type { ModelEvaluationOptions } from './options.ts';

/**
 * Finds where results go: `out`, or `evaluation` below the run; what is no run of the user's own
 * has its place here.
 */
export async function evaluationFolder({
  out,
  model,
  samples,
}: Partial<Pick<ModelEvaluationOptions, 'out' | 'model' | 'samples'>>): Promise<string> {
  if (out !== undefined) return out;
  if (samples !== undefined) return join('evaluation', nameOf(samples));
  const run = folderOfModel(model!);
  // What comes with the package is not written to.
  const inBox = boxNames().some((name) => resolve(boxPath(name)) === resolve(run));
  if (!inBox && (await hasRun(run))) return join(run, 'evaluation');
  return join('evaluation', inBox ? basename(run) : nameOf(locateModel(model!)));
}

const nameOf = (path: string) => basename(path, extname(path));

export interface Pictured {
  readonly dataset: Dataset;
  readonly measured: Measured & Partial<Pick<SampledFeatures, 'frames'>>;
  readonly findings: Findings;
}

/** Writes `evaluation.json` and the pictures; their paths. */
export async function saveEvaluation(
  folder: string,
  result: object,
  pictured: Pictured,
): Promise<string[]> {
  const files: string[] = [];
  const write = async (name: string, bytes: Uint8Array) => {
    files.push(join(folder, name));
    await writeBytes(files.at(-1)!, bytes);
  };
  await write('evaluation.json', new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`));
  for (const [name, picture] of picturesOf(pictured)) await write(name, await encodePng(picture));
  return files;
}

/** Samples of the grid, and pairs of a sample and the training image nearest to it. */
const [SAMPLES, PAIRS] = [400, 24] as const;

function picturesOf({ dataset, measured, findings }: Pictured): (readonly [string, Raster])[] {
  const { shape } = dataset;
  if (!isPictured(shape)) return [];
  const { last, frames = [] } = measured;
  const size = shape.reduce((a, b) => a * b);
  const nearest = findings.memorisation?.nearest.slice(0, PAIRS);
  return [
    ['samples.png', gridPicture(last.subarray(0, SAMPLES * size), shape)],
    ...(frames.length > 1 ? [['chains.png', stripsPicture(frames, shape)] as const] : []),
    ...(nearest ? [['nearest.png', pairsPicture(last, nearest, dataset)] as const] : []),
  ];
}

/** Samples above, the images of these indices below. */
function pairsPicture(samples: Float32Array, nearest: readonly number[], dataset: Dataset): Raster {
  const training = readAllScaled(pick(dataset, nearest));
  const size = training.length / nearest.length;
  const pairs = nearest.map((_, i) => {
    const pair = new Float32Array(2 * size);
    pair.set(samples.subarray(i * size, (i + 1) * size));
    pair.set(training.subarray(i * size, (i + 1) * size), size);
    return pair;
  });
  return stripsPicture(pairs, dataset.shape);
}
