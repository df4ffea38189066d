import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { readBytes } from '../../files.ts';

/** JSON has no NaN and no infinity: they are written as null. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const closenessSchema = z.object({ medianRatio: number, share: number });

const stretchSchema = z.object({ draws: z.int() });

const classesSchema = z
  .object({
    names: z.array(z.string()).min(1),
    occupancy: z.array(number),
    coverage: number,
    perChain: number,
    transitions: z.array(z.array(number)),
    switchRate: number,
    longestStay: stretchSchema.extend({ name: z.string() }),
  })
  .refine(
    ({ names: { length: count }, occupancy, transitions }) =>
      [occupancy, transitions, ...transitions].every(({ length }) => length === count),
    'does not have as many numbers as classes',
  );

const chainsSchema = z.object({
  chains: z.int(),
  draws: z.int(),
  scoreCallsPerDraw: number,
  autocorrelation: z.array(number),
  effectiveSamples: z.object({ median: number, least: number }),
  effectiveSamplesPerScoreCall: number,
  rHat: z.object({ median: number, largest: number }),
  longestStuck: stretchSchema,
  classes: classesSchema.optional(),
});

const findingsSchema = z.object({
  frechet: z.object({ name: z.string(), distance: number }).optional(),
  kernel: z.object({ mean: number, standardError: number }).optional(),
  coverage: z
    .object({ precision: number, recall: number, density: number, coverage: number })
    .optional(),
  memorisation: z.object({ features: closenessSchema, pixels: closenessSchema }).optional(),
  chains: chainsSchema.optional(),
});

/** What a report shows of `evaluation.json`; more may stand there. */
const evaluationSchema = z.object({
  model: z.string().optional(),
  /** Samples of a file, in place of a model's. */
  file: z.string().optional(),
  walk: z.record(z.string(), z.unknown()).optional(),
  samples: z.int(),
  chains: z.int(),
  draws: z.int(),
  data: z.object({ name: z.string(), count: z.int() }),
  features: z.object({ name: z.string(), dimension: z.int() }),
  findings: findingsSchema,
  /** By part: walking, features, metrics. */
  seconds: z.record(z.string(), number).default({}),
  versions: z.record(z.string(), z.string()).default({}),
});

export type EvaluationFile = z.output<typeof evaluationSchema>;
export type ChainFindings = z.output<typeof chainsSchema>;

/** An evaluation as `mdensity evaluate` left it in a folder. */
export interface FoundEvaluation extends EvaluationFile {
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly written: number;
}

/**
 * Reads the evaluation of a folder; none where it holds none.
 * @throws UserError naming the file and the field that is damaged.
 */
export async function readEvaluation(folder: string): Promise<FoundEvaluation | undefined> {
  const path = join(folder, 'evaluation.json');
  if (!existsSync(path)) return undefined;
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    const evaluation = evaluationSchema.parse(JSON.parse(text));
    return { ...evaluation, folder, written: statSync(path).mtimeMs };
  } catch (cause) {
    const fix = 'evaluate again, or remove the file';
    throw new UserError(`${path}: ${describeProblem(cause)}; ${fix}`, {
      code: 'unreadable',
      facts: { path },
      cause,
    });
  }
}

function describeProblem(error: unknown): string {
  if (!(error instanceof z.ZodError)) return 'is not JSON';
  const { path, message } = error.issues[0]!;
  return `${path.join('.') || 'its content'}: ${message}`;
}
