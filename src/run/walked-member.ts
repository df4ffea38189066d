import { type ClassChoice, type Condition, type DenoiserFile, levelsOf } from '../model/index.ts';

/** Gives each chain a class, the choices in turn. */
export const conditionOfChains = (
  choices: readonly ClassChoice[] | undefined,
  chains: number,
): Condition =>
  choices === undefined
    ? {}
    : { class: Array.from({ length: chains }, (_, chain) => choices[chain % choices.length]!) };

/**
 * Finds M of the member to walk: as given or, where σ alone is, 1; else as the model was trained.
 */
export function measurementsToWalk(
  { config }: Pick<DenoiserFile, 'config'>,
  options: { readonly sigma?: number | undefined; readonly measurements?: number | undefined },
): number {
  if (options.measurements !== undefined) return options.measurements;
  if (options.sigma !== undefined && config && levelsOf(config)) return 1;
  return config?.noise.measurements ?? 1;
}
