/** What a model is told with every call, noise level and class, and what of it is walked. */
import { effectiveNoise, type NoiseLevels } from '../../src/density/index.ts';
import type { ModelConfig } from '../../src/model/index.ts';
import { type Member, sequentialMember } from '../../src/sample/sequential/member.ts';
import type { ModelFacts, Told, WalkSettings } from './protocol.ts';

/** Reads what the configuration of a model says of it. */
export function toldOf(config: Pick<ModelConfig, 'noise' | 'condition'> | undefined): Told {
  const { noise, condition } = config ?? {};
  const classes = condition?.type === 'class' && { classes: condition };
  if (noise?.type === 'poisson') {
    const { rate, background, measurements } = noise;
    return { counts: { rate: rate * measurements, background } };
  }
  if (!noise) return { ...classes };
  const { levels, sigma, measurements } = noise;
  const several = levels && ('from' in levels || levels.values.length > 1);
  return { ...classes, ...(several && { levels, sigma: effectiveNoise(sigma, measurements) }) };
}

/** Returns the least and the largest of levels. */
export const rangeOf = (levels: NoiseLevels): readonly [least: number, largest: number] =>
  'from' in levels ? [levels.from, levels.to] : [levels.values[0]!, levels.values.at(-1)!];

/** Returns the level that is nearest to σ̃. */
export function nearestLevel(levels: NoiseLevels, sigma: number): number {
  if ('from' in levels) return Math.min(levels.to, Math.max(levels.from, sigma));
  const away = (level: number) => Math.abs(level - sigma);
  return levels.values.reduce((best, level) => (away(level) < away(best) ? level : best));
}

/** Says why a chain of a sequential walk is not put anywhere. */
export const KEEPS_NO_PLACE =
  'one at a time, every jump begins anew and would forget the picture; choose the walk joint or mean';

type MemberSettings = Pick<WalkSettings, 'walk' | 'measurements' | 'effectiveSigma'>;

/**
 * Returns the member (M, σ) of a class that is walked: as asked, or where one measurement comes
 * after another the one that the levels allow.
 */
export function memberOf(
  { sigma: own, stacked, levels }: Pick<ModelFacts, 'sigma' | 'stacked' | 'levels'>,
  { walk, measurements, effectiveSigma: asked = own }: MemberSettings,
): Member {
  const effectiveSigma = levels ? nearestLevel(levels, asked) : own;
  if (levels && walk === 'sequential') return sequentialMember({ levels }, { effectiveSigma });
  const spread = stacked > 1 ? 1 : Math.sqrt(measurements);
  return { effectiveSigma, measurements, sigma: effectiveSigma * spread };
}
