/** Published files as tests need them; `bench/peers/pretrained_fixtures.py` made the fixtures. */
import { readFileSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import { decodeWeights } from '../../data/node/weights-file.ts';
import { sizeOf } from '../../graph/index.ts';
import type { NamedWeights } from '../weights.ts';
import { openAiRecipe } from './openai.ts';
import type { Published, Recipe } from './recipe.ts';

/** What the original code makes. */
export interface PublishedCase {
  readonly name: string;
  readonly shape: readonly number[];
  /** Names and shapes, where the weights are `numbers` of them. */
  readonly tensors?: Readonly<Record<string, readonly number[]>>;
  /** The class that it was under. */
  readonly label?: number | null;
  readonly levels: readonly {
    /** Of [0, 1]. */
    readonly sigma: number;
    /** That the network was told. */
    readonly time: number;
    readonly output: readonly number[];
  }[];
}

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);

export const cases: readonly PublishedCase[] = JSON.parse(
  readFileSync(fixture('expected.json'), 'utf8'),
).cases;

/** What NVlabs/edm makes: `bench/peers/edm_fixtures.py`. */
export const edmCases: readonly Omit<PublishedCase, 'tensors'>[] = JSON.parse(
  readFileSync(fixture('edm.json'), 'utf8'),
).cases;

/** A pickle of NVlabs/edm. */
export const edmPickle = (name: string): Uint8Array =>
  gunzipSync(readFileSync(fixture(`${name}.pkl.gz`)));

/** What a pickle of NVlabs/edm holds. */
export function edmPublished(name: string): Published {
  const { tensors, modules } = decodeWeights(edmPickle(name), `${name}.pkl`);
  return { source: `${name}.pkl`, weights: tensors, modules, json: {} };
}

/** Finds a case by its name. */
export const caseOf = (name: string) => cases.find((each) => each.name === name)!;

/** Numbers in [−1, 1) from a name, the same as the script's. */
export function numbers(name: string, size: number): Float64Array {
  const start = crc32(name);
  return Float64Array.from({ length: size }, (_, i) => {
    let z = (Math.imul(i, 0x9e3779b9) + start) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** A noisy image of a level, the same as the script's. */
export function noisyImage(sigma: number, size: number): Float32Array {
  const text = `${Number(sigma.toPrecision(4))}`;
  return Float32Array.from(numbers(`y ${text}`, size), (v) => 0.5 + (0.5 + 2 * sigma) * v);
}

/** Weights of a case by the names of its tensors. */
export function weightsOf({ tensors = {} }: PublishedCase): NamedWeights {
  const named = Object.entries(tensors).map(([name, shape]) => {
    const scale = shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.3;
    const centre = shape.length === 1 && name.endsWith('weight') ? 1 : 0;
    const data = Float32Array.from(numbers(name, sizeOf(shape)), (v) => v * scale + centre);
    return [name, { shape, data }] as const;
  });
  return Object.fromEntries(named);
}

/** A folder of diffusers among the fixtures. */
export function diffusersFolder(name: string): Published {
  const weights = `${name}/diffusion_pytorch_model.safetensors`;
  const json = ['config.json', 'scheduler_config.json'].map((file) => [
    file,
    JSON.parse(readFileSync(fixture(`${name}/${file}`), 'utf8')),
  ]);
  return {
    source: name,
    weights: decodeWeights(readFileSync(fixture(weights)), weights).tensors,
    json: Object.fromEntries(json),
  };
}

/** Weights of the same network as `diffusers-ddpm`, as an old release wrote them. */
export function oldDiffusersWeights(): NamedWeights {
  return decodeWeights(readFileSync(fixture('diffusers-ddpm-old.bin')), 'old').tensors;
}

const tiny = {
  modelChannels: 32,
  channelMult: [1, 2],
  numResBlocks: 1,
  attentionResolutions: [8],
  scaleShiftNorm: true,
} as const;

const shared = { description: '', size: 16, target: 'epsilon' } as const;

/** OpenAI's layouts as of a network of 32 and 64 channels for 16×16 images, by name of the case. */
export const tinyRecipes: Readonly<Record<string, Recipe>> = {
  'improved-diffusion': openAiRecipe({
    ...shared,
    name: 'improved',
    network: { ...tiny, numHeads: 4, resample: 'conv', outputChannels: 6 },
    time: { schedule: { type: 'cosine', steps: 4000 }, unit: 0.25 },
  }),
  'guided-diffusion, classes': openAiRecipe({
    ...shared,
    name: 'guided',
    network: {
      ...tiny,
      numHeadChannels: 16,
      attentionOrder: 'headsLast',
      resample: 'block',
      outputChannels: 6,
    },
    time: { schedule: { type: 'cosine', steps: 1000 }, unit: 1 },
    classes: 10,
  }),
  'guided-diffusion, linear': openAiRecipe({
    ...shared,
    name: 'guided linear',
    network: { ...tiny, numHeadChannels: 16, resample: 'block', outputChannels: 6 },
    time: { schedule: { type: 'linear', steps: 1000, betaStart: 1e-4, betaEnd: 0.02 }, unit: 1 },
  }),
  'consistency_models, EDM': openAiRecipe({
    ...shared,
    name: 'edm',
    network: { ...tiny, numHeadChannels: 16, attentionOrder: 'headsLast', resample: 'block' },
    target: 'edm',
    time: { factor: 250 },
    noise: { from: 0.002, to: 80 },
    classes: 10,
  }),
};
