import { z } from 'zod';
import { UserError } from '../errors.ts';
import { cast, constant, equal, reshape, type Shape, type Tensor } from '../graph/index.ts';
import { didYouMean } from '../nearest.ts';

/** What x̂ may depend on beside the measurements, and how often training leaves it out. */
export type ConditionConfig = ClassCondition | VectorCondition;

interface Dropped {
  /** Share of examples that are trained without it, so that the model knows x̂ without one too. */
  readonly dropout: number;
}

/** One of `classes` classes. */
export interface ClassCondition extends Dropped {
  readonly type: 'class';
  readonly classes: number;
  readonly names?: readonly string[] | undefined;
  /** The network was never trained without a class: one has to be given. */
  readonly required?: boolean | undefined;
}

/** `size` numbers; all zeros are none, so they are best centred. */
export interface VectorCondition extends Dropped {
  readonly type: 'vector';
  readonly size: number;
}

const dropout = z.number().min(0).lt(1);

export const conditionSchema: z.ZodType<ConditionConfig> = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('class'),
      classes: z.int().min(1),
      names: z.array(z.string()).readonly().optional(),
      required: z.boolean().optional(),
      dropout,
    })
    .refine(({ classes, names }) => !names || names.length === classes, 'has other names'),
  z.strictObject({ type: z.literal('vector'), size: z.int().min(1), dropout }),
]);

/**
 * A condition to be under: one for all examples, or one for each. A class is an index or a name;
 * null is no condition.
 */
export interface Condition {
  readonly class?: ClassChoice | readonly ClassChoice[];
  readonly vector?: VectorChoice | readonly VectorChoice[];
}

export type ClassChoice = number | string | null;
export type VectorChoice = readonly number[] | null;

/** The class of an example that has none, where classes are numbers. */
export const NO_CLASS = -1;

/** Counts the values of one example's condition. */
export const widthOf = (config: ConditionConfig): number =>
  config.type === 'class' ? 1 : config.size;

/** Gives the shape of one example's condition as an input of a file: a class is a number. */
export const conditionShape = (config: ConditionConfig): Shape =>
  config.type === 'class' ? [] : [config.size];

/** Gives the value that stands for no condition: −1 for classes, zeros for vectors. */
export const withoutCondition = (config: ConditionConfig): number =>
  config.type === 'class' ? NO_CLASS : 0;

/**
 * Gives the numbers that a network is told: a class [N] as one of `classes` [N, classes], or a
 * vector [N, size] itself.
 */
export function toldCondition(config: ConditionConfig, given: Tensor): Tensor {
  if (config.type === 'vector') return given;
  const { classes } = config;
  const all = constant(
    Float32Array.from({ length: classes }, (_, k) => k),
    [1, classes],
  );
  return cast(equal(reshape(given, [-1, 1]), all), 'float32');
}

/**
 * Makes the conditions of a batch, as a function of its size: `[batch]` class indices or
 * `[batch, size]`.
 *
 * @throws UserError for a condition that the model does not have, a class that is not there or a
 *   vector of another size; what it returns throws for a batch of another size than the conditions
 *   given, and where a class is needed and none given.
 */
export function conditionRows(
  config: ConditionConfig | undefined,
  given: Condition,
  source: string,
): (batch: number) => Float32Array {
  const asked = (['class', 'vector'] as const).filter((type) => given[type] !== undefined);
  const other = asked.find((type) => type !== config?.type);
  if (other !== undefined) {
    const own = config ? `a condition of type ${config.type}` : 'no condition';
    throw new UserError(`${source}: was trained under ${own}, not ${other}; leave it out`, {
      code: 'unsupported',
      facts: { asked: other, trained: config?.type },
    });
  }
  if (config === undefined) return () => new Float32Array(0);
  const width = widthOf(config);
  const rows = asked.length === 0 ? [null] : rowsOf(config, given, source);
  return (batch) => {
    if (config.type === 'class' && config.required && rows.includes(null)) {
      throw new UserError(
        `${source}: knows no image without a class; give one of 0 to ${config.classes - 1}`,
        {
          code: 'invalid',
          facts: { option: 'class', classes: config.classes },
        },
      );
    }
    if (rows.length !== 1 && rows.length !== batch) {
      throw new UserError(
        `${source}: ${rows.length} conditions for ${batch} examples; give one for all, or one for each`,
        { code: 'shape', facts: { conditions: rows.length, examples: batch } },
      );
    }
    const all = new Float32Array(batch * width).fill(withoutCondition(config));
    for (let i = 0; i < batch; i++) {
      const row = rows[rows.length === 1 ? 0 : i];
      if (row) all.set(row, i * width);
    }
    return all;
  };
}

type Row = readonly number[] | null;

function rowsOf(config: ConditionConfig, given: Condition, source: string): readonly Row[] {
  if (config.type === 'class') {
    const choices = [given.class!].flat() as readonly ClassChoice[];
    return choices.map((choice) => {
      const index = classIndex(config, choice, source);
      return index === null ? null : [index];
    });
  }
  const { vector = null } = given;
  const single = vector === null || vector.every((value) => typeof value === 'number');
  const rows = (single ? [vector] : vector) as readonly Row[];
  const wrong = rows.find((row) => row !== null && row.length !== config.size);
  if (!wrong) return rows;
  throw new UserError(
    `${source}: a condition of ${wrong.length} numbers, the model takes ${config.size}; give as many`,
    { code: 'shape', facts: { given: wrong.length, size: config.size } },
  );
}

/**
 * Finds the index of a class that is named, or given as a number.
 *
 * @throws UserError for one that is not there.
 */
export function classIndex(
  { classes, names = [] }: ClassCondition,
  choice: ClassChoice,
  source: string,
): number | null {
  if (choice === null) return null;
  const named = typeof choice === 'string' ? names.indexOf(choice) : choice;
  const index = named < 0 && /^\d+$/.test(String(choice)) ? Number(choice) : named;
  if (Number.isInteger(index) && index >= 0 && index < classes) return index;
  const known =
    names.length > 0 ? ` There are: ${names.join(', ')}` : ` There are 0 to ${classes - 1}`;
  throw new UserError(
    `${source}: class "${choice}" is not there.${didYouMean(String(choice), names)}${known}`,
    { code: 'invalid', facts: { class: choice, classes, names } },
  );
}
