/** Options that say which noise a model learns from. */
import { z } from 'zod';
import type { NoiseLevels } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type NoiseConfig, type ParametrizationName, parametrizations } from '../model/index.ts';
import { defineOptions, type OptionValues } from './options.ts';

export const noiseOptions = defineOptions({
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, in units of the data (images: 0..1; default 0.5)',
    schema: z.number().positive().optional(),
  },
  rate: {
    flags: '--rate <λ>',
    description: 'poisson: counts of one measurement per unit of the data (default 4)',
    schema: z.number().positive().optional(),
  },
  background: {
    flags: '--background <b>',
    description: 'poisson: counts are of x + b, so that they come where x is 0 too (default 0)',
    schema: z.number().min(0).optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description:
      'measurements; what is learned is the class σ/√M (or Mλ), or these M alone where the network sees all (default 1)',
    schema: z.int().min(1).optional(),
  },
});

export type NoiseOptions = Partial<OptionValues<typeof noiseOptions>>;

/**
 * Checks that options of noise are of the kind that a parametrization learns from.
 * @throws UserError for a deviation of counts, and a rate or background of Gaussian noise.
 */
export function refuseOtherNoise(
  parametrization: ParametrizationName,
  { sigma, rate, background }: NoiseOptions,
): void {
  const counts = parametrizations[parametrization].noise === 'poisson';
  const given = Object.entries(counts ? { sigma } : { rate, background });
  const [name, value] = given.find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return;
  throw new UserError(
    `--${name} ${value}: parametrization ${parametrization} is of ${counts ? 'counts, which have a --rate' : 'Gaussian noise, which has a --sigma'}; leave it out, or take another --parametrization`,
    { code: 'mismatch', facts: { option: name, parametrization } },
  );
}

/**
 * Reads the noise that options say, of a family with its levels; `fallback` says σ or λ where they
 * do not.
 */
export function noiseOf(
  parametrization: ParametrizationName,
  options: NoiseOptions & { readonly levels?: NoiseLevels | undefined },
  fallback: { readonly sigma: () => number; readonly rate: () => number } = {
    sigma: () => 0.5,
    rate: () => 4,
  },
): NoiseConfig {
  refuseOtherNoise(parametrization, options);
  const { sigma, rate, background = 0, measurements = 1, levels } = options;
  if (parametrizations[parametrization].noise === 'poisson') {
    return { type: 'poisson', rate: rate ?? fallback.rate(), background, measurements };
  }
  const noise = { type: 'gaussian' as const, sigma: sigma ?? fallback.sigma(), measurements };
  return levels ? { ...noise, levels } : noise;
}
