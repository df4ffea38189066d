/** A client of `mdensity serve`, in a browser and in Node. */
import createFetch from 'openapi-fetch';
import { holdJob, type SampleJob, type Send } from './job.ts';
import { problemOf } from './problem.ts';
import type { paths } from './schema.ts';
import type { ModelDescription, SampleRequest } from './types.ts';

/** Where the server is, and who asks. */
export interface ClientOptions {
  /** Such as `http://127.0.0.1:7358`. */
  readonly url: string | URL;
  readonly apiKey?: string;
  /** Default: that of the platform. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A client of one server. */
export interface Client {
  /** Lists the models of the server. */
  models(): Promise<readonly ModelDescription[]>;
  /**
   * Asks for samples; what it gives is the job, which has begun or waits.
   *
   * @param options `idempotencyKey`: asked with it again, the same job is given.
   * @throws ProblemError for what the server refuses; `retryAfter` where it is full.
   */
  sample(
    request: SampleRequest,
    options?: { readonly idempotencyKey?: string; readonly signal?: AbortSignal },
  ): Promise<SampleJob>;
  /** Takes up a job by its id. */
  job(id: string): Promise<SampleJob>;
}

/**
 * Makes a client.
 *
 * @example
 * const client = createClient({ url: 'http://127.0.0.1:7358' });
 * const job = await client.sample({ model: 'mnist', chains: 4, steps: 200 });
 * for await (const { xhat, shape } of job.jumps()) show(xhat, shape);
 */
export function createClient({ url, apiKey, fetch = globalThis.fetch }: ClientOptions): Client {
  const baseUrl = String(url).replace(/\/+$/, '');
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const api = createFetch<paths>({ baseUrl, headers, fetch: (request) => fetch(request) });

  const send: Send = async (path, options = {}) => {
    const request = new Request(`${baseUrl}${path}`, {
      ...options,
      headers: { ...headers, ...(options.headers as Record<string, string> | undefined) },
    });
    const response = await fetch(request);
    if (response.ok) return response;
    throw problemOf(response, await response.json().catch(() => undefined));
  };
  return {
    models: async () => {
      const { data, error, response } = await api.GET('/v1/models');
      if (!data) throw problemOf(response, error);
      return data.models;
    },
    sample: async (body, { idempotencyKey, signal } = {}) => {
      const key = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
      const { data, error, response } = await api.POST('/v1/samples', {
        body,
        params: { header: key },
        signal: signal ?? null,
      });
      if (typeof data !== 'object' || !('links' in data)) throw problemOf(response, error);
      return holdJob(data, send);
    },
    job: async (id) => {
      const { data, error, response } = await api.GET('/v1/samples/{id}', {
        params: { path: { id } },
      });
      if (!data) throw problemOf(response, error);
      return holdJob(data, send);
    },
  };
}
