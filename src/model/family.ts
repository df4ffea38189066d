import type { Denoiser, DenoiserFamily, NoiseLevels } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { Shape } from '../graph/index.ts';
import { type Condition, type ConditionConfig, conditionRows } from './condition.ts';
import { isLevel } from './noise.ts';
import { describeLevels } from './words.ts';

/** A family of denoisers, under conditions where it knows some. */
export interface ConditionalFamily extends DenoiserFamily {
  /** Absent where it knows none. */
  readonly condition?: ConditionConfig | undefined;
  /**
   * As of every family, under a condition: one for all examples, or one for each of a batch.
   *
   * @throws UserError for a level or a condition that it does not know; `denoise` throws for a
   *   batch of another size than the conditions given.
   */
  at(sigma: number, condition?: Condition): Denoiser;
}

/** Inputs of a network beside examples, `[batch, ...]` each, by name. */
export type ToldArrays = Readonly<Record<string, Float32Array>>;

/** Names of those inputs. */
export const LEVEL_INPUT = 'sigma';
/** Names the input of a condition: by its type. */
export const conditionInput = ({ type }: ConditionConfig): string => type;

export interface FamilyParts {
  /** What it is called in errors. */
  readonly source: string;
  readonly shape: Shape;
  readonly stacked: number;
  readonly levels: NoiseLevels;
  readonly condition: ConditionConfig | undefined;
  /** Whether the network takes its level as an input. */
  readonly isTold: boolean;
  /** Values of what it sees of one example. */
  readonly size: number;
  /** The network: `[batch, ...]` → the same. */
  denoise(z: Float32Array, out: Float32Array, told: ToldArrays): Promise<void>;
  logDensity?: Denoiser['logDensity'];
}

/** Makes a family from one network that is told level and condition with every call. */
export function familyOf(parts: FamilyParts): ConditionalFamily {
  const { source, shape, stacked, levels, condition, isTold, size, denoise, logDensity } = parts;
  const told = (batch: number, sigma: number, rows: (batch: number) => Float32Array) => ({
    ...(isTold && { [LEVEL_INPUT]: new Float32Array(batch).fill(sigma) }),
    ...(condition && { [conditionInput(condition)]: rows(batch) }),
  });
  return {
    shape,
    levels,
    condition,
    at: (sigma, given = {}) => {
      if (!isLevel(levels, sigma)) throw otherLevel(source, levels, sigma);
      const rows = conditionRows(condition, given, source);
      return {
        shape,
        sigma,
        stacked,
        denoise: (z, out) => denoise(z, out, told(z.length / size, sigma, rows)),
        ...(logDensity && { logDensity }),
      };
    },
  };
}

/** Says which levels there are. */
export function otherLevel(source: string, levels: NoiseLevels, sigma: number): UserError {
  const known = describeLevels(levels);
  return new UserError(
    `${source}: was trained at ${known}, not ${Number(sigma.toPrecision(6))}; give a noise of those`,
    { code: 'level', facts: { sigma, levels } },
  );
}
