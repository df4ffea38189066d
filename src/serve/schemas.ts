/** What the server answers, as schemas of its OpenAPI document. */
import { z } from '@hono/zod-openapi';
import { problemSchema } from './problem.ts';
import { sampleRequestSchema } from './request.ts';

const shape = z.array(z.int()).describe('[chains, jumps, ...example]');

/** A job. */
export const jobSchema = z
  .object({
    id: z.string(),
    status: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
    model: z.string(),
    seed: z.int().describe('asked with it again, the samples are the same'),
    request: z.record(z.string(), z.any()).describe('with defaults filled in'),
    shape,
    progress: z.object({ done: z.number(), of: z.number(), unit: z.string() }),
    jumps: z.int().describe('jumps that all chains have made'),
    created: z.iso.datetime(),
    finished: z.iso.datetime().optional(),
    problem: problemSchema.optional(),
    links: z.object({ self: z.string(), events: z.string(), result: z.string() }),
  })
  .openapi('Job');

/** Samples as JSON. */
export const samplesSchema = z
  .object({
    model: z.string(),
    seed: z.int(),
    shape,
    steps: z.array(z.int()).describe('the step of each jump'),
    data: z.array(z.number()).describe('x̂, row by row'),
  })
  .openapi('Samples');

/** The models that there are. */
export const modelsSchema = z
  .object({
    models: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.int()).describe('of one example'),
        noise: z.record(z.string(), z.any()),
        description: z.string(),
        classes: z.union([z.array(z.string()), z.int()]).optional(),
        isSequences: z.boolean().optional(),
      }),
    ),
  })
  .openapi('Models');

/** A request for samples, under its name in the document. */
export const requestSchema = sampleRequestSchema.openapi('SampleRequest');

/** Answers that are problems. */
export const problems = (statuses: Readonly<Record<number, string>>) =>
  Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': { schema: problemSchema } } },
    ]),
  );
