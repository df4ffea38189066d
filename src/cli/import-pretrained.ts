/** Making M-densities of diffusion models that others published. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { type Dataset, pick, readAllScaled } from '../data/index.ts';
import { loadDataset } from '../data/node/index.ts';
import { sizeOf } from '../data/shape.ts';
import { UserError } from '../errors.ts';
import { estimatorLoss } from '../evaluate/index.ts';
import { isFolder, writeBytes } from '../files.ts';
import {
  type Condition,
  type ConditionalFamily,
  type DenoiserFile,
  describeLevels,
  fixLevel,
  levelsOf,
  type ModelConfig,
  type TrainedModel,
} from '../model/index.ts';
import { writeDenoiser } from '../model/node/write-denoiser.ts';
import { describeTime, recipes } from '../model/pretrained/index.ts';
import { loadModel } from '../run/model-file.ts';
import { denoiseImages, drawImages } from '../run/pretrained/preview.ts';
import {
  fetchFiles,
  findPretrained,
  keptModel,
  type PretrainedSource,
  readSource,
  sourceAt,
} from '../run/pretrained/sources.ts';
import { encodePng, stripsPicture } from '../sample/index.ts';
import { isPictured } from '../sample/pictures.ts';
import { shellWord } from '../text.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { defineOptions, type OptionValues } from './options.ts';
import type { Output } from './output.ts';
import { type Watched, watch } from './watch.ts';

const { split, limit, size } = datasetOptions;

/** Options of an import by a recipe, beside `--out`, `--sigma` and `--half`. */
export const pretrainedOptions = defineOptions({
  recipe: {
    flags: '--recipe <name>',
    description: `how published files are read: ${recipes.map(({ name }) => name).join(', ')}`,
    schema: z.string().optional(),
  },
  picture: {
    flags: '--picture <file.png|none>',
    description: 'with a recipe: images, noisy and denoised (default: beside --out)',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <set|path>',
    description: 'with a recipe: measure the error of denoising these images',
    schema: z.string().optional(),
  },
  class: {
    flags: '--class <k>',
    description: 'with a recipe: class of pictures and errors, where the model needs one',
    schema: z.int().min(0).optional(),
  },
  split,
  limit,
  size,
});

type PretrainedOptions = OptionValues<typeof pretrainedOptions> & {
  readonly out?: string | undefined;
  readonly sigma?: number | undefined;
  readonly half: boolean;
};

/** Examples that an error is measured on, where their number is not given. */
const MEASURED = 64;
/** Levels that a family's error is measured at, those that it knows. */
const LEVELS = [0.1, 0.25, 0.5, 1] as const;
/** Images of the picture. */
const SHOWN = 4;
const SEED = 0;

/** Imports published files, draws and measures what was made, and says it. */
export async function importPretrained(
  target: string,
  options: PretrainedOptions,
  output: Output,
): Promise<void> {
  const { sigma, half } = options;
  const source = existsSync(target) ? undefined : (findPretrained(target) ?? sourceAt(target));
  const out = outOf(options, source);
  const path = source ? await watch(output, (work) => fetchFiles(source, work)) : target;
  const recipe = options.recipe ?? source?.recipe ?? guessRecipe(path);
  const onNote = (note: string) => output.log(`note: ${note}`);
  const { sha256, ...family } = await readSource(path, { recipe, source, onNote });
  const { parameters } = family;
  const config =
    sigma === undefined ? family.config : fixLevel(family.config, { sigma, measurements: 1 }, path);
  const { licence } = config.source!;
  const picture = options.picture ?? (options.out ? `${out.replace(/\.onnx$/i, '')}.png` : 'none');
  const set = await dataOf(options, family.config, output);
  const isLooked = set !== undefined || picture !== 'none';
  const looked = (file: string) => look(file, { ...options, picture, set }, output);
  let seen: Seen = { drawn: [], errors: [] };
  // A look needs all levels.
  if (isLooked && sigma !== undefined) seen = await ofFamily(family, out, half, looked);
  const models = await writeDenoiser(out, config, parameters, { half });
  if (isLooked && sigma === undefined) seen = await looked(out);
  const { drawn, errors } = seen;
  const levels = levelsOf(config)!;
  const time = describeTime(config);
  const written = [...models, ...drawn];
  const model = options.out ?? target;
  const count = parameters.length;
  output.result(
    {
      files: written,
      recipe,
      licence,
      sha256,
      parameters: count,
      levels,
      time,
      errors,
    },
    [
      `wrote ${written.join(', ')}: ${count.toLocaleString('en')} parameters, ${describeLevels(levels)}; licence: ${licence}`,
      time,
      ...errors.map(
        (error) =>
          `σ̃ = ${error.sigma}: root mean square error ${error.rootMeanSquare.toPrecision(3)} of a value, on ${error.count} images`,
      ),
      `next: mdensity sample --model ${shellWord(model)}${sigma === undefined ? ' --sigma 0.25' : ''} --out samples.png`,
    ].join('\n'),
  );
}

/** The file to write: of what has a name, its place in the cache, where all levels are kept. */
function outOf({ out, sigma }: PretrainedOptions, source: PretrainedSource | undefined): string {
  if (out !== undefined) return out;
  if (source === undefined || source.recipe === undefined) {
    throw new UserError('--out: is missing; name the file to write');
  }
  if (sigma === undefined) return keptModel(source);
  throw new UserError(`--sigma ${sigma}: one level needs a file of its own; name it with --out`, {
    facts: { option: 'sigma' },
  });
}

/** Folders and pickles of networks say themselves what they are; other files say nothing. */
function guessRecipe(path: string): string {
  if (isFolder(path)) return 'diffusers';
  if (/\.pkl$/i.test(path)) return 'edm';
  throw new UserError(
    `--recipe: is missing, and a file of weights does not say how it is read; give one of ${recipes.map(({ name }) => name).join(', ')}`,
    { facts: { option: 'recipe' } },
  );
}

/** Error of a value at one level, over images. */
interface LevelError {
  readonly sigma: number;
  readonly rootMeanSquare: number;
  readonly count: number;
}

/**
 * Reads the images that an error is asked for.
 * @throws UserError for images of another shape, and where a class is needed and none given.
 */
async function dataOf(
  options: PretrainedOptions,
  { shape, condition }: ModelConfig,
  output: Output,
): Promise<Dataset | undefined> {
  const { data } = options;
  if (data === undefined) return undefined;
  const set = await watch(output, (work) =>
    loadDataset(data, { limit: MEASURED, ...givenDatasetOptions(options), ...work }),
  );
  checkShape(set, shape, data);
  if (condition?.type === 'class' && options.class === undefined) {
    throw new UserError('--data: the model needs a class to be measured under; give --class', {
      facts: { option: 'data' },
    });
  }
  return set;
}

interface Looking extends PretrainedOptions {
  readonly picture: string;
  readonly set: Dataset | undefined;
}

/** What a look gave. */
interface Seen {
  /** Files that were drawn. */
  readonly drawn: readonly string[];
  readonly errors: readonly LevelError[];
}

/** Does something with a file of the family, which lies beside another as long as that takes. */
async function ofFamily<T>(
  { config, parameters }: TrainedModel,
  out: string,
  half: boolean,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = join(dirname(out), `.${basename(out)}-${process.pid}`);
  try {
    const file = join(folder, 'family.onnx');
    await writeDenoiser(file, config, parameters, { half });
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Draws the picture and measures the errors that are asked for. */
async function look(path: string, options: Looking, output: Output): Promise<Seen> {
  const { picture, set } = options;
  const family = await loadModel(path, {});
  if (family.rate !== undefined) throw new Error('a diffusion model sees no counts');
  try {
    const errors = set ? await watch(output, (work) => measure(family, set, options, work)) : [];
    if (picture === 'none' || !isPictured(family.shape)) return { drawn: [], errors };
    await watch(output, (work) => drawPicture(picture, family, set, options, work));
    return { drawn: [picture], errors };
  } finally {
    await family.release();
  }
}

type Family = Extract<DenoiserFile, ConditionalFamily>;

function checkShape(set: Dataset, shape: readonly number[], data: string): void {
  if (set.shape.join() === shape.join()) return;
  throw new UserError(
    `--data ${data}: has examples of [${set.shape.join(', ')}], the model's are [${shape.join(', ')}]; give other data, or --size for a folder of images`,
    { code: 'shape', facts: { option: 'data', shape: set.shape, wanted: shape } },
  );
}

/** Classes of n images: the one that is asked for, else spread over all. */
function classesOf({ condition }: Family, options: PretrainedOptions, n: number): Condition {
  if (options.class !== undefined) return { class: options.class };
  if (condition?.type !== 'class') return {};
  return { class: Array.from({ length: n }, (_, i) => Math.floor((i * condition.classes) / n)) };
}

async function measure(family: Family, set: Dataset, options: PretrainedOptions, work: Watched) {
  const { levels } = family;
  const isKnown = (sigma: number) => 'from' in levels && sigma >= levels.from && sigma <= levels.to;
  const wanted = options.sigma === undefined ? LEVELS.filter(isKnown) : [options.sigma];
  const errors: LevelError[] = [];
  for (const [done, sigma] of wanted.entries()) {
    work.onProgress({ label: 'measuring', done, of: wanted.length, unit: 'levels' });
    const denoiser = family.at(sigma, classesOf(family, options, 1));
    const { signal } = work;
    const loss = await estimatorLoss(denoiser, set, { measurements: 1, seed: SEED, signal });
    const rootMeanSquare = Math.sqrt(loss.mean / sizeOf(family.shape));
    errors.push({ sigma, rootMeanSquare, count: set.count });
  }
  return errors;
}

/** A row for each image: itself, the same with noise, and what the model makes of that. */
async function drawPicture(
  path: string,
  family: Family,
  set: Dataset | undefined,
  options: PretrainedOptions,
  work: Watched,
): Promise<void> {
  const count = Math.min(SHOWN, set?.count ?? SHOWN);
  const condition = classesOf(family, options, count);
  const clean = set
    ? readAllScaled(
        pick(
          set,
          Array.from({ length: count }, (_, i) => i),
        ),
      )
    : await drawImages(family, { count, seed: SEED, condition, ...work });
  const { sigma = family.sigma } = options;
  const made = await denoiseImages(family, clean, { sigma, seed: SEED, condition });
  const frames = [made.clean, made.noisy, made.denoised];
  await writeBytes(path, await encodePng(stripsPicture(frames, family.shape)));
}
