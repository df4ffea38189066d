import { type Dataset, largestOf } from '../data/dataset.ts';
/** What a network is told of each example while it is trained: noise levels and conditions. */

import type { NoiseLevels } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type ConditionConfig, widthOf, withoutCondition } from '../model/index.ts';
import { fillUniform, randomKey } from '../random.ts';

/** Streams of randomness of a run, each its own key below the seed, beside those of its batches. */
const stream = { level: 7, dropout: 8 } as const;

/** Which draw: batch `index` of a run of this seed. */
export interface Draw {
  readonly seed: number;
  readonly index: number;
}

/**
 * Draws the noise level of each example into `out`: log-uniformly between two ends, or evenly from
 * a set. A batch is spread over the whole: one uniform number moves a grid of as many points as it
 * has examples.
 */
export function fillLevels(levels: NoiseLevels, { seed, index }: Draw, out: Float32Array): void {
  const start = new Float32Array(1);
  fillUniform(randomKey(seed, stream.level), index, start);
  for (let i = 0; i < out.length; i++) {
    const u = (start[0]! + i / out.length) % 1;
    out[i] = levelAt(levels, u);
  }
}

/** The level below which the share `u` of all draws lies. */
function levelAt(levels: NoiseLevels, u: number): number {
  if ('values' in levels) return levels.values[Math.floor(u * levels.values.length)]!;
  return levels.from * (levels.to / levels.from) ** u;
}

/**
 * Chooses the levels that a held-out loss is measured at: both ends and some between, in equal
 * steps of their logarithm.
 */
export function shownLevels(levels: NoiseLevels, most = 4): number[] {
  const count = 'values' in levels ? Math.min(most, levels.values.length) : most;
  const places = Array.from({ length: count }, (_, i) => (count === 1 ? 1 : i / (count - 1)));
  if ('from' in levels) return places.map((place) => levelAt(levels, place));
  return places.map((place) => levels.values[Math.round(place * (levels.values.length - 1))]!);
}

/**
 * Gives the values of the condition of examples of a data set, `[indices, ...]`: those that a
 * network is told.
 */
export function conditionsOf(
  { labels, vectors }: Pick<Dataset, 'labels' | 'vectors'>,
  config: ConditionConfig,
  indices: ArrayLike<number>,
  out: Float32Array,
): void {
  const width = widthOf(config);
  for (let i = 0; i < indices.length; i++) {
    const example = indices[i]!;
    if (config.type === 'class') out[i] = labels![example]!;
    else out.set(vectors!.subarray(example * width, (example + 1) * width), i * width);
  }
}

/** Takes the condition away from a share of the examples of a batch, the config's `dropout`. */
export function dropConditions(
  config: ConditionConfig,
  { seed, index }: Draw,
  values: Float32Array,
): void {
  const width = widthOf(config);
  const draws = new Float32Array(values.length / width);
  fillUniform(randomKey(seed, stream.dropout), index, draws);
  for (let i = 0; i < draws.length; i++) {
    if (draws[i]! >= config.dropout) continue;
    values.fill(withoutCondition(config), i * width, (i + 1) * width);
  }
}

/**
 * Checks that a data set has the conditions that a model is told.
 *
 * @throws UserError for a data set that does not say what the model is to be told.
 */
export function checkConditions(
  { name, labels, vectors, count }: Dataset,
  config: ConditionConfig,
): void {
  if (config.type === 'vector') {
    if (vectors?.length === count * config.size) return;
    throw new UserError(
      `condition: ${name} has no vectors of ${config.size} numbers beside its ${count} examples; give them, or train without a condition`,
      { code: 'mismatch', facts: { condition: 'vector', size: config.size, data: name } },
    );
  }
  if (!labels) {
    throw new UserError(
      `condition: ${name} has no classes; give data that have, or train without a condition`,
      { code: 'mismatch', facts: { condition: 'class', data: name } },
    );
  }
  const largest = largestOf(labels);
  if (largest < config.classes) return;
  throw new UserError(
    `condition: ${name} has examples of class ${largest}, the model knows ${config.classes}; give more classes`,
    { code: 'mismatch', facts: { condition: 'class', class: largest, classes: config.classes } },
  );
}
