/** The routes of samples. */
import { randomInt } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { didYouMean } from '../nearest.ts';
import { quoted } from '../quoted.ts';
import { type Catalog, describeModel } from './catalog.ts';
import { streamJob } from './events.ts';
import { createIdempotency } from './idempotency.ts';
import { describeJob, isOver, type Job, overOf } from './job.ts';
import type { Jobs } from './jobs.ts';
import { planOf } from './plan.ts';
import { ProblemError, problemOf } from './problem.ts';
import { answerSamples, checkFormat, type Format, formatOf } from './results.ts';
import { jobSchema, modelsSchema, problems, requestSchema, samplesSchema } from './schemas.ts';

/** What the middleware says of a request. */
export interface Variables {
  readonly owner: string;
}

/** The application. */
export type App = OpenAPIHono<{ Variables: Variables }>;

type Ask = Context<{ Variables: Variables }>;

/** What the routes work with. */
export interface Service {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  /** Whether the server ends soon and takes nothing new. */
  isDraining(): boolean;
}

/** Longest wait for a result, in seconds. */
const LONGEST_WAIT = 300;

/** A seed that the server draws. */
const SEEDS = 2 ** 31;

const params = z.object({ id: z.string().max(100) });
const security = [{ key: [] }];
const result = {
  'application/json': { schema: samplesSchema },
  'application/x-npy': { schema: z.string().openapi({ format: 'binary' }) },
  'image/png': { schema: z.string().openapi({ format: 'binary' }) },
};

const create = createRoute({
  method: 'post',
  path: '/v1/samples',
  summary: 'Walk a model and jump to samples',
  description:
    'The options of `mdensity sample`. With `Prefer: wait=SECONDS` the samples are the answer, if they are there by then; who goes away before ends the walk.',
  security,
  request: {
    headers: z.object({
      prefer: z.string().optional().describe('wait=SECONDS'),
      'idempotency-key': z
        .string()
        .optional()
        .describe('a request that comes again with this key gets the job of the first'),
    }),
    body: { required: true, content: { 'application/json': { schema: requestSchema } } },
  },
  responses: {
    200: { description: 'the samples, by Accept', content: result },
    202: {
      description: 'a job; Location says where',
      content: { 'application/json': { schema: jobSchema } },
    },
    ...problems({
      400: 'no JSON',
      401: 'no key',
      406: 'no such format',
      413: 'too long a body',
      415: 'another type of body',
      422: 'a value, or the whole job, is refused',
      429: 'too much waits; Retry-After says for how long',
      503: 'the server is about to end',
    }),
  },
});

const read = createRoute({
  method: 'get',
  path: '/v1/samples/{id}',
  summary: 'How far a job is',
  security,
  request: { params },
  responses: {
    200: { description: 'the job', content: { 'application/json': { schema: jobSchema } } },
    ...problems({ 401: 'no key', 404: 'no such job, or no longer' }),
  },
});

const remove = createRoute({
  method: 'delete',
  path: '/v1/samples/{id}',
  summary: 'End a job between two steps, or forget its samples',
  security,
  request: { params },
  responses: {
    204: { description: 'done' },
    ...problems({ 401: 'no key', 404: 'no such job, or no longer' }),
  },
});

const readResult = createRoute({
  method: 'get',
  path: '/v1/samples/{id}/result',
  summary: 'The samples of a job: JSON, NPY, or PNG of the last jumps',
  security,
  request: { params },
  responses: {
    200: { description: 'the samples, by Accept', content: result },
    ...problems({
      401: 'no key',
      404: 'no such job, or no longer',
      406: 'no such format',
      409: 'not finished, or cancelled',
      422: 'the walk failed',
    }),
  },
});

const events = createRoute({
  method: 'get',
  path: '/v1/samples/{id}/events',
  summary: 'Jumps and progress as they come',
  description:
    'Server-sent events: `jump` with {jump, step, shape, xhat}, xhat being float32, little-endian, in base64; `progress`; and last `done`, `failed` or `cancelled` with the job. `Last-Event-ID` goes on after a jump.',
  security,
  request: { params },
  responses: {
    200: { description: 'events', content: { 'text/event-stream': { schema: z.string() } } },
    204: { description: 'nothing more will come' },
    ...problems({ 401: 'no key', 404: 'no such job, or no longer' }),
  },
});

const models = createRoute({
  method: 'get',
  path: '/v1/models',
  summary: 'The models that there are',
  security,
  responses: {
    200: { description: 'models', content: { 'application/json': { schema: modelsSchema } } },
    ...problems({ 401: 'no key' }),
  },
});

/** Adds the routes of samples and models. */
export function addSampleRoutes(app: App, service: Service): void {
  const { jobs, catalog } = service;
  const idempotency = createIdempotency(jobs.find);
  const found = (context: Ask, id: string): Job => {
    const job = jobs.find(id, context.get('owner'));
    if (job) return job;
    throw new ProblemError(
      problemOf('not-found', 'no job has this id, or its samples were let go of; ask again'),
    );
  };

  app.openapi(create, async (context) => {
    if (service.isDraining()) throw draining();
    const body = context.req.valid('json');
    const wait = waitOf(context.req.header('prefer'));
    const format = formatOf(wait > 0 ? context.req.header('accept') : undefined);
    const model = await modelOf(catalog, body.model);
    const request = { ...body, seed: body.seed ?? randomInt(SEEDS) };
    const plan = planOf(model.config, request);
    if (wait > 0) checkFormat(format, model.config.shape, plan.bytes);
    const owner = context.get('owner');
    const key = context.req.header('idempotency-key');
    const { job, isNew } = idempotency.once(owner, key, body, () =>
      jobs.add({ owner, model, request: { ...request, steps: plan.walk.steps }, plan }),
    );
    if (wait > 0) {
      const { signal } = context.req.raw;
      await overOf(job, signal, 1000 * wait);
      // A job that only this client waits for ends with it.
      if (signal.aborted && isNew && key === undefined) jobs.remove(job);
      if (isOver(job)) return answerOver(context, job, format, preferApplied(wait)) as never;
    }
    return context.json(describeJob(job), 202, {
      location: `/v1/samples/${job.id}`,
      'mdensity-seed': String(job.request.seed),
      ...(wait > 0 && preferApplied(wait)),
    });
  });
  app.openapi(read, (context) =>
    context.json(describeJob(found(context, context.req.valid('param').id)), 200),
  );
  app.openapi(remove, (context) => {
    jobs.remove(found(context, context.req.valid('param').id));
    return context.body(null, 204);
  });
  app.openapi(readResult, async (context) => {
    const job = found(context, context.req.valid('param').id);
    const format = formatOf(context.req.header('accept'));
    checkFormat(format, job.model.config.shape, job.plan.bytes);
    if (isOver(job)) return answerOver(context, job, format) as never;
    throw new ProblemError(
      problemOf('not-finished', `the job is ${job.status}; ask again, or follow its events`),
      { 'retry-after': String(Math.max(1, Math.ceil(jobs.secondsLeft()))) },
    );
  });
  app.openapi(events, (context) => {
    const job = found(context, context.req.valid('param').id);
    return streamJob(context, job) as never;
  });
  app.openapi(models, async (context) => {
    return context.json({ models: (await catalog.list()).map(describeModel) }, 200);
  });
}

const preferApplied = (wait: number) => ({ 'preference-applied': `wait=${wait}` });

/** Answers with the samples of a job that is over, or with why there are none. */
async function answerOver(
  context: Context,
  job: Job,
  format: Format,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  if (job.status !== 'done') throw new ProblemError(job.problem!);
  return answerSamples(context, job, format, {
    ...headers,
    'content-location': `/v1/samples/${job.id}/result`,
  });
}

function draining(): ProblemError {
  const problem = problemOf('draining', 'the server is about to end and takes nothing new');
  return new ProblemError(problem, { 'retry-after': '5', connection: 'close' });
}

async function modelOf(catalog: Catalog, name: string) {
  const model = await catalog.find(name);
  if (model) return model;
  const names = catalog.names();
  throw new ProblemError(
    problemOf(
      'not-found',
      `model ${quoted(name)}: is not there.${didYouMean(name, names)} There are: ${names.join(', ')}`,
      { facts: { option: 'model', value: name, models: names }, status: 422 },
    ),
  );
}

/** Seconds of `Prefer: wait=SECONDS` (RFC 7240); 0 where nothing is said. */
function waitOf(prefer = ''): number {
  const seconds = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/i.exec(prefer)?.[1];
  return Math.min(LONGEST_WAIT, Number(seconds ?? 0));
}
