/** Which member (M, σ) of a class a family is walked at, and in which blocks of measurements. */
import { checkLevel, hasLevel } from '../../density/family.ts';
import type { DenoiserFamily } from '../../density/index.ts';
import { UserError } from '../../errors.ts';

/** What says a member; two of the three, or the class alone. */
export interface MemberOptions {
  /** σ, noise of one measurement, in units of x. */
  readonly sigma?: number;
  /** M. */
  readonly measurements?: number;
  /** σ̃ = σ/√M. */
  readonly effectiveSigma?: number;
}

/** A member of a class. */
export interface Member {
  readonly sigma: number;
  readonly measurements: number;
  readonly effectiveSigma: number;
}

/** What of a family decides its members. */
type Levels = Pick<DenoiserFamily, 'levels'> & Partial<DenoiserFamily>;

/** Most measurements that are chosen unasked; 4,096 are 13 blocks that double. */
const MOST = 4096;

/**
 * Reads the member that options say.
 *
 * @returns undefined where none is said.
 *
 * @throws UserError for one number alone that leaves the class open, and for three that disagree.
 */
export function memberOf(options: MemberOptions): Member | undefined {
  const { sigma, measurements, effectiveSigma } = options;
  for (const name of ['sigma', 'effectiveSigma'] as const) checkNoise(name, options[name]);
  if (effectiveSigma !== undefined) {
    const m = measurements ?? (sigma === undefined ? 1 : (sigma / effectiveSigma) ** 2);
    const whole = Math.round(m);
    const own = effectiveSigma * Math.sqrt(whole);
    if (whole < 1 || Math.abs(m / whole - 1) > 1e-5 || differ(sigma, own)) {
      throw new UserError(
        `sigma: ${sigma} is not ${effectiveSigma}·√M for ${measurements ?? 'any whole'} M; leave one of sigma, measurements and effectiveSigma out`,
        { facts: { option: 'sigma', sigma, measurements, effectiveSigma } },
      );
    }
    return { sigma: sigma ?? own, measurements: whole, effectiveSigma };
  }
  if (sigma === undefined) return undefined;
  const m = measurements ?? 1;
  return { sigma, measurements: m, effectiveSigma: sigma / Math.sqrt(m) };
}

const differ = (given: number | undefined, own: number) =>
  given !== undefined && Math.abs(given / own - 1) > 1e-5;

function checkNoise(option: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw new UserError(`${option}: ${value} is out of range; give a finite number above 0`, {
    facts: { option, value },
  });
}

/**
 * Chooses the member for a sequential walk of the class σ̃: as said, or the one of the largest M
 * whose σ is within the family's levels and not above its spread. So y_1, which has no measurement
 * before it, is seen through noise that joins what are separate modes at σ̃.
 *
 * @throws UserError where no class is said, and (`level`) for one that the family does not have.
 */
export function sequentialMember(family: Levels, options: MemberOptions): Member {
  const { effectiveSigma, sigma, measurements } = options;
  if (effectiveSigma === undefined && (sigma === undefined || measurements === undefined)) {
    throw new UserError(
      'effectiveSigma: is missing; give the class σ̃ to sample, or sigma and measurements',
      { facts: { option: 'effectiveSigma' } },
    );
  }
  const said = memberOf(options)!;
  checkLevel(family.levels, said.effectiveSigma);
  if (sigma !== undefined || measurements !== undefined) return said;
  const widest = Math.min(widestLevel(family), family.spread ?? Number.POSITIVE_INFINITY);
  const ratio = (widest / said.effectiveSigma) ** 2;
  let m = Math.max(1, Math.min(MOST, Math.floor(ratio * (1 + 1e-6))));
  while (m > 1 && !servesAll(family, said.effectiveSigma, m)) m -= 1;
  return { ...said, measurements: m, sigma: said.effectiveSigma * Math.sqrt(m) };
}

function widestLevel({ levels }: Levels): number {
  return 'values' in levels ? Math.max(...levels.values) : levels.to;
}

const servesAll = ({ levels }: Levels, effectiveSigma: number, measurements: number) =>
  levelsOf({ effectiveSigma, measurements }, blockSizes(measurements)).every((sigma) =>
    hasLevel(levels, sigma),
  );

/** Lists the noise levels σ̃√(M/t) after each block, of t measurements in all. */
export function levelsOf(
  { effectiveSigma, measurements }: Omit<Member, 'sigma'>,
  sizes: readonly number[],
): number[] {
  let seen = 0;
  return sizes.map((size) => {
    seen += size;
    return effectiveSigma * Math.sqrt(measurements / seen);
  });
}

/**
 * Counts the score calls of one draw after those of y_1: the steps of each further factor and one
 * that joins it to those before.
 *
 * @param perStep score calls of a step.
 */
export const furtherCalls = (factors: number, factorSteps = 4, perStep = 1): number =>
  Math.max(0, factors - 1) * (factorSteps * perStep + 1);

/**
 * How measurements are taken: by ones, each block as large as all before it, or in blocks of these
 * sizes.
 */
export type Blocks = 'one' | 'doubling' | readonly number[];

/**
 * Gives the sizes of the blocks, in order; their sum is M.
 *
 * @throws UserError for sizes that are not whole or do not sum to M.
 */
export function blockSizes(measurements: number, blocks: Blocks = 'doubling'): readonly number[] {
  if (blocks === 'one') return new Array<number>(measurements).fill(1);
  if (blocks === 'doubling') {
    const sizes = [1];
    for (let seen = 1; seen < measurements; seen += sizes.at(-1)!) {
      sizes.push(Math.min(seen, measurements - seen));
    }
    return sizes;
  }
  const sum = Array.isArray(blocks) ? blocks.reduce((total, size) => total + size, 0) : Number.NaN;
  if (sum === measurements && blocks.every((size) => Number.isSafeInteger(size) && size > 0)) {
    return blocks;
  }
  throw new UserError(
    `blocks: ${JSON.stringify(blocks)} are no sizes of blocks of M = ${measurements}; give whole numbers above 0 with that sum, 'one' or 'doubling'`,
    { facts: { option: 'blocks', measurements } },
  );
}
