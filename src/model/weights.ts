import { UserError } from '../errors.ts';
import { readOnnx, type Shape, sizeOf } from '../graph/index.ts';
import { countParameters, type ParameterSpec } from '../nn/index.ts';
import { oneLine } from '../quoted.ts';
import type { ModelConfig } from './config.ts';
import { readModelConfig } from './denoiser-file.ts';
import { createModel } from './model.ts';

/** An array of a weights file. */
export interface WeightArray {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export type NamedWeights = Readonly<Record<string, WeightArray>>;

/** A model with its weights: a flat vector [P] in the order of its `specs`. */
export interface TrainedModel {
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
}

/** How a weights file fits a network. */
export interface WeightsReport {
  /** Parameters of the network that the file has in the right shape. */
  readonly matched: number;
  /** Parameters that it lacks, and arrays that the network does not know. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly needed: Shape;
  }[];
}

/**
 * Reads the network and weights of a denoiser's ONNX file.
 *
 * @throws UserError for one from elsewhere.
 */
export function readTrainedModel(bytes: Uint8Array, source: string): TrainedModel {
  const { metadata, input, constants } = readOnnx(bytes, source);
  const config = readModelConfig(metadata, input.shape, source);
  if (config === undefined) {
    throw new UserError(
      `${source}: is from elsewhere, what its weights mean is not known; give a model that mdensity trained`,
    );
  }
  const { specs } = createModel(config);
  const arrays = constants();
  const known = Object.fromEntries(specs.map(({ name }) => [name, arrays[name]]));
  const named = Object.entries(known).flatMap(([name, array]) => (array ? [[name, array]] : []));
  return { config, parameters: joinWeights(specs, Object.fromEntries(named), source) };
}

/** 1-D convolutions of guided-diffusion: it keeps no last axis for what is 1×1 here. */
const isFlat = /(^|\.)(qkv|proj_out)\.weight$/;

/** Gives the weights by name; those of a U-Net have the names and shapes of guided-diffusion. */
export function nameWeights({ config, parameters }: TrainedModel): NamedWeights {
  const weights: Record<string, WeightArray> = {};
  let start = 0;
  for (const { name, shape } of createModel(config).specs) {
    const end = start + sizeOf(shape);
    const flat = config.network.type === 'unet' && isFlat.test(name);
    weights[name] = {
      shape: flat ? shape.slice(0, -1) : shape,
      data: parameters.subarray(start, end),
    };
    start = end;
  }
  return weights;
}

/** What PyTorch puts before each name where a model was wrapped: in parallel, or compiled. */
const wrappers = ['module.', '_orig_mod.'];

/**
 * Weights without the names of wrappers, where all have them and the network's parameters do not.
 */
function unwrapped(specs: readonly ParameterSpec[], weights: NamedWeights): NamedWeights {
  const names = Object.keys(weights);
  const prefix = wrappers.find(
    (wrapper) =>
      names.length > 0 &&
      names.every((name) => name.startsWith(wrapper)) &&
      !specs.some(({ name }) => name.startsWith(wrapper)),
  );
  if (prefix === undefined) return weights;
  const entries = names.map((name) => [name.slice(prefix.length), weights[name]!] as const);
  return unwrapped(specs, Object.fromEntries(entries));
}

/**
 * Compares names and shapes; axes of size 1 at the end of a shape may be left out, and so may what
 * wrappers of PyTorch put before names.
 */
export function compareWeights(
  specs: readonly ParameterSpec[],
  wrapped: NamedWeights,
): WeightsReport {
  const weights = unwrapped(specs, wrapped);
  const names = new Set(specs.map(({ name }) => name));
  const missing = [...names].filter((name) => !Object.hasOwn(weights, name));
  const extra = Object.keys(weights).filter((name) => !names.has(name));
  const misshapen = specs.flatMap(({ name, shape: needed }) => {
    const shape = Object.hasOwn(weights, name) ? weights[name]!.shape : undefined;
    return shape && !fits(shape, needed) ? [{ name, shape, needed }] : [];
  });
  const matched = specs.length - missing.length - misshapen.length;
  return { matched, missing, extra, misshapen };
}

const fits = (a: Shape, b: Shape) => withoutOnes(a).join() === withoutOnes(b).join();

function withoutOnes(shape: Shape): Shape {
  const last = shape.findLastIndex((size) => size !== 1);
  return shape.slice(0, last + 1);
}

/**
 * Joins weights to a flat vector [P] in the order of `specs`. `source` names the file in errors.
 *
 * @throws UserError, one line with counts and first names, unless names and shapes all fit.
 */
export function joinWeights(
  specs: readonly ParameterSpec[],
  wrapped: NamedWeights,
  source: string,
): Float32Array {
  const weights = unwrapped(specs, wrapped);
  const report = compareWeights(specs, weights);
  if (report.matched < specs.length || report.extra.length > 0) {
    throw new UserError(
      `${source}: does not fit the network: ${describeReport(report)}; ${report.matched} of ${specs.length} parameters fit. Give the network that the file was made for`,
      { code: 'mismatch', facts: { path: source, ...report } },
    );
  }
  const values = new Float32Array(countParameters(specs));
  let start = 0;
  for (const { name } of specs) {
    values.set(weights[name]!.data, start);
    start += weights[name]!.data.length;
  }
  return values;
}

/** Names shown of each kind. */
const SHOWN = 3;

/** Describes what does not fit, in words: counts and first names of each kind. */
export function describeReport({ missing, extra, misshapen }: WeightsReport): string {
  const shapes = misshapen.map(
    ({ name, shape, needed }) => `${name} is [${shape.join(', ')}], not [${needed.join(', ')}]`,
  );
  const kinds = { missing, extra, misshapen: shapes };
  return Object.entries(kinds)
    .filter(([, items]) => items.length > 0)
    .map(([kind, items]) => {
      const more = items.length > SHOWN ? ', …' : '';
      return `${items.length} ${kind} (${items
        .slice(0, SHOWN)
        .map((item) => oneLine(item, 120))
        .join(', ')}${more})`;
    })
    .join(', ');
}
