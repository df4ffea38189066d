/** What a request for samples says: the options of `mdensity sample`, by the same tables. */
import { z } from '@hono/zod-openapi';
import type { ClassChoice } from '../model/index.ts';
import type { OptionTable } from '../option-table.ts';
import { samplingOptions, steerOptions, templateOption } from '../sampling/options.ts';
import { walkKindOptions } from '../sampling/walk-kind-options.ts';

const table = {
  ...samplingOptions,
  ...walkKindOptions,
  ...steerOptions,
  template: templateOption,
} as const;

/** Names of models: no path, but letters, digits, and `_`, `.`, `-` within. */
const NAMES = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** Tells whether a model can be asked for by this name. */
export const isModelName = (name: string): boolean => NAMES.test(name);

const modelName = z
  .string()
  .regex(NAMES, 'must be the name of a model, as GET /v1/models lists them')
  .describe('a model of GET /v1/models');

/** Options of `mdensity sample` that ask for the same. */
export function argumentsOf(request: SampleRequest): string[] {
  return Object.entries(table).flatMap(([key, { flags }]) => {
    const value = request[key as keyof typeof table];
    const flag = flags.split(/[ =]/)[0]!;
    if (value === undefined || value === false) return [];
    return value === true ? [flag] : [`${flag}=${textOf(value)}`];
  });
}

const textOf = (value: number | string | readonly ClassChoice[]) =>
  typeof value === 'object' ? value.map((choice) => choice ?? 'none').join(',') : String(value);

type Schemas<T extends OptionTable> = { [key in keyof T]: T[key]['schema'] };

function schemasOf<T extends OptionTable>(options: T): Schemas<T> {
  const entries = Object.entries(options).map(([key, { schema, description }]) => [
    key,
    schema.describe(description),
  ]);
  return Object.fromEntries(entries) as Schemas<T>;
}

/** The body of a request for samples. */
export const sampleRequestSchema = z.strictObject({
  model: modelName,
  ...schemasOf(table),
  seed: z
    .int()
    .min(0)
    .optional()
    .describe('decides every random number; without one the server draws it, and says it'),
  class: table.class.schema.describe(table.class.description),
  template: z.string().max(100_000).optional().describe(table.template.description),
});

/** A request with its defaults and its seed. */
export type SampleRequest = Omit<z.output<typeof sampleRequestSchema>, 'seed'> & {
  readonly seed: number;
};
