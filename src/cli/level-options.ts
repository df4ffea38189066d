/** Options of models that are told their noise level, or a condition. */
import { z } from 'zod';
import { largestOf } from '../data/dataset.ts';
import type { Dataset } from '../data/index.ts';
import type { NoiseLevels } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { type ConditionConfig, type GaussianConfig, isLevel } from '../model/index.ts';
import { defineOptions, type OptionValues } from './options.ts';

/** Two ends, as in `0.2..1.6`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Numbers of a YAML list or of text with commas, or the range of text with two points. */
function numbersOf(given: unknown): Range | readonly number[] {
  if (Array.isArray(given)) return given.map(Number);
  const [from, to] = String(given).split('..');
  if (to === undefined) return String(given).split(',').map(Number);
  return { from: Number(from), to: Number(to) };
}

const given = z.union([z.array(z.number()), z.number(), z.string()]);

const sigmasSchema = given.transform((value, context): NoiseLevels => {
  const levels = numbersOf(value);
  const isRange = 'from' in levels;
  const values = isRange ? [levels.from, levels.to] : levels;
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (!values.every((sigma) => Number.isFinite(sigma) && sigma > 0)) {
    refuse('give noise levels above 0: two ends, such as 0.2..1.6, or some, such as 0.25,0.5,1');
  } else if (isRange && levels.from >= levels.to) {
    refuse('the range is empty or reversed; give the lower end first, such as 0.2..1.6');
  }
  return isRange ? levels : { values: [...new Set(values)].sort((a, b) => a - b) };
});

const membersSchema = given.transform((value, context): Range => {
  const range = numbersOf(value);
  const { from, to } = 'from' in range ? range : { from: 1, to: range[0]! };
  const whole = Number.isInteger(from) && Number.isInteger(to) && from >= 1;
  if (!whole || from > to) {
    context.addIssue({
      code: 'custom',
      message: 'give two whole numbers from 1 up, the lower first, such as 1..16',
    });
  }
  return { from, to };
});

/** Of training a family. */
export const levelOptions = defineOptions({
  sigmas: {
    flags: '--sigmas <from..to|list>',
    description:
      'gps: learn every noise level σ̃ of a range, such as 0.2..1.6, or of a list, by one network that is told it',
    schema: sigmasSchema.optional(),
  },
  members: {
    flags: '--members <from..to>',
    description: 'gps: learn the levels σ/√t, t = 1..16 or so, of --sigma σ',
    schema: membersSchema.optional(),
  },
});

/** Measurements of the member of a range that is walked where nothing else is said, at most. */
const MOST_MEASUREMENTS = 16;

type FamilyOptions = Partial<OptionValues<typeof levelOptions>> & {
  readonly sigma?: number | undefined;
  readonly measurements?: number | undefined;
};

/**
 * Reads the noise of a family, where options ask for one. The member that is walked unless another
 * member is asked for is `sigma` and `measurements` or, where they are not given, the largest noise
 * and as many measurements as the levels allow.
 *
 * @throws UserError for levels said twice, and a member outside them.
 */
export function familyNoise(options: FamilyOptions): GaussianConfig | undefined {
  const noise = askedFamily(options);
  if (!noise) return undefined;
  const { sigma, measurements, levels } = noise;
  const level = sigma / Math.sqrt(measurements);
  if (isLevel(levels!, level)) return noise;
  throw new UserError(
    `--sigma ${sigma} --measurements ${measurements}: is of the class ${Number(level.toPrecision(4))}, which is not among the levels to learn; give a member of one of these`,
    { code: 'level', facts: { sigma, measurements, level, levels } },
  );
}

/** Reads the noise levels that options ask for, whatever member is walked. */
export const askedLevels = (options: FamilyOptions): NoiseLevels | undefined =>
  askedFamily(options)?.levels;

function askedFamily(options: FamilyOptions): GaussianConfig | undefined {
  const { sigmas, members } = options;
  if (!sigmas && !members) return undefined;
  if (sigmas && members) {
    throw new UserError('--members: --sigmas says the levels already; give one of the two', {
      code: 'mismatch',
      facts: { option: 'members', with: 'sigmas' },
    });
  }
  return members ? ofMembers(members, options) : ofLevels(sigmas!, options);
}

function ofMembers({ from, to }: Range, options: FamilyOptions): GaussianConfig {
  const { sigma = 1, measurements = to } = options;
  const counts = Array.from({ length: to - from + 1 }, (_, i) => to - i);
  const values = counts.map((t) => sigma / Math.sqrt(t));
  return { type: 'gaussian', sigma, measurements, levels: { values } };
}

function ofLevels(levels: NoiseLevels, options: FamilyOptions): GaussianConfig {
  if (options.sigma !== undefined) {
    const { sigma, measurements = 1 } = options;
    return { type: 'gaussian', sigma, measurements, levels };
  }
  const [least, most] =
    'from' in levels ? [levels.from, levels.to] : [levels.values[0]!, levels.values.at(-1)!];
  if ('values' in levels && options.measurements === undefined) {
    return { type: 'gaussian', sigma: most, measurements: 1, levels };
  }
  const fit = Math.floor((most / least) ** 2 * (1 + 1e-9));
  const { measurements = Math.min(MOST_MEASUREMENTS, fit) } = options;
  return { type: 'gaussian', sigma: most, measurements, levels };
}

/** Of training under a condition. */
export const conditionOptions = defineOptions({
  condition: {
    flags: '--condition <kind>',
    description: 'gps: learn the density of each class of the data: class',
    schema: z.enum(['class']).optional(),
  },
  conditionDropout: {
    flags: '--condition-dropout <share>',
    description:
      'examples trained without their condition, to know the density of all (default 0.1)',
    schema: z.number().min(0).lt(1).optional(),
  },
});

/**
 * Reads the condition that options ask for from a data set's labels; none where they ask for none.
 *
 * @throws UserError for data without classes, and a dropout of nothing.
 */
export function conditionOf(
  { condition, conditionDropout }: Partial<OptionValues<typeof conditionOptions>>,
  { name, labels, classes: names }: Pick<Dataset, 'name' | 'labels' | 'classes'>,
): ConditionConfig | undefined {
  if (condition === undefined) {
    if (conditionDropout === undefined) return undefined;
    throw new UserError(
      `--condition-dropout ${conditionDropout}: there is no condition to drop; leave it out, or add --condition class`,
      { code: 'mismatch', facts: { option: 'conditionDropout' } },
    );
  }
  if (!labels) {
    throw new UserError(
      `--condition ${condition}: ${name} has no classes; leave it out, or give data that have, such as mnist`,
      { code: 'mismatch', facts: { option: 'condition', data: name } },
    );
  }
  const classes = names?.length ?? largestOf(labels) + 1;
  return { type: 'class', classes, ...(names && { names }), dropout: conditionDropout ?? 0.1 };
}
