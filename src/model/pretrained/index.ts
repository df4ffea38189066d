/** Recipes of published diffusion models, and the models that are made by them. */
import { UserError } from '../../errors.ts';
import { didYouMean } from '../../nearest.ts';
import type { SourceConfig } from '../config.ts';
import { fixLevel } from '../denoiser-file.ts';
import { createModel } from '../model.ts';
import { joinWeights, type TrainedModel } from '../weights.ts';
import { edmImagenet64, edmLsun256 } from './consistency-edm.ts';
import { diffusers } from './diffusers.ts';
import { edm } from './edm.ts';
import { guided256, guidedImagenet64 } from './guided-diffusion.ts';
import { improvedCifar10, improvedImagenet64 } from './improved-diffusion.ts';
import type { Published, Recipe } from './recipe.ts';

export { describeTime } from './describe.ts';
export { type OpenAiSettings, openAiRecipe } from './openai.ts';
export type { Published, Recipe } from './recipe.ts';

export { type DiffusersFiles, toDiffusers } from './to-diffusers.ts';

/** Every recipe, in the order in which they are listed. */
export const recipes: readonly Recipe[] = [
  diffusers,
  improvedCifar10,
  improvedImagenet64,
  guidedImagenet64,
  guided256,
  edmImagenet64,
  edmLsun256,
  edm,
];

/**
 * Finds a recipe by name.
 *
 * @throws UserError with the nearest name for one that is not known.
 */
export function findRecipe(name: string): Recipe {
  const recipe = recipes.find((each) => each.name === name);
  if (recipe) return recipe;
  const names = recipes.map((each) => each.name);
  throw new UserError(
    `recipe ${name}: is not known.${didYouMean(name, names)} There are: ${names.join(', ')}`,
    { code: 'not-found', facts: { option: 'recipe', value: name, known: names } },
  );
}

export interface ReadPretrainedOptions {
  readonly recipe: Recipe;
  /** One level σ̃, in units of [0, 1]; default: the family of all. */
  readonly sigma?: number | undefined;
  /** What is recorded beside the recipe and the licence. */
  readonly origin?: Pick<SourceConfig, 'sha256' | 'address'>;
}

/** The licence of files that name none. */
export const UNKNOWN_LICENCE = 'not stated';

/**
 * Makes an M-density of a published diffusion model: the family of all its levels, or the class of
 * one.
 *
 * @throws UserError for files of another layout, parameters that are missing or too many, and a
 *   level outside the schedule.
 */
export function readPretrained(
  published: Published,
  { recipe, sigma, origin }: ReadPretrainedOptions,
): TrainedModel {
  const { source } = published;
  const { config: own, weights } = recipe.read(published);
  const licence = published.licence ?? recipe.licence ?? UNKNOWN_LICENCE;
  const family = { ...own, source: { recipe: recipe.name, licence, ...origin } };
  const parameters = joinWeights(createModel(family).specs, weights, source);
  const config =
    sigma === undefined ? family : fixLevel(family, { sigma, measurements: 1 }, source);
  return { config, parameters };
}

/** Tells whether a licence forbids commercial use, by its name. */
export const forbidsCommerce = (licence: string): boolean =>
  /(^|[^a-z])(nc|non-?commercial|research-?only)([^a-z]|$)/i.test(licence);
