/** An S3 bucket as a store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { UserError } from '../errors.ts';
import { listPage } from './s3-list.ts';
import type { Store, StoreEntry } from './store.ts';

/** How often a request is made that fails for a passing cause, and the first pause, in ms. */
const [TRIES, PAUSE] = [6, 100] as const;

/** Milliseconds that a request may take: a large array on a slow line. */
const TIMEOUT = 300_000;

/** Milliseconds for which an object is young enough: it is not written again. */
const YOUNG = 600_000;

/** Where a bucket is, and who asks: the variables of other S3 tools. */
export type S3Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens `s3://bucket/prefix` as a store. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
 * `AWS_SESSION_TOKEN`, `AWS_REGION` and, for servers other than Amazon's, `AWS_ENDPOINT_URL` are
 * taken from the environment. One request asks whether the server keeps `If-None-Match: *`, by
 * which a name is written once.
 *
 * @throws UserError for a name that is none, keys that are missing or refused, a bucket that is
 *   missing, a server that is away or knows no conditional writes.
 */
export async function openS3Store(name: string, env: S3Environment = process.env): Promise<Store> {
  const request = requestsOf(name, env);
  const create = async (key: string, bytes: Uint8Array) => {
    const headers = { 'if-none-match': '*', 'content-type': 'application/octet-stream' };
    const body = bytes as Uint8Array<ArrayBuffer>;
    const { status } = await request(key, { method: 'PUT', headers, body });
    return status !== 412;
  };
  /** When an object was written, and when that was asked. */
  const headOf = async (key: string) => {
    const { status, headers } = await request(key, { method: 'HEAD' });
    if (status === 404) return undefined;
    const [modified, date] = ['last-modified', 'date'].map((field) => headers.get(field));
    return { modified: new Date(modified ?? 0), date: date ? new Date(date) : new Date() };
  };
  const store: Store = {
    name,
    read: async (key) => {
      const { status, bytes } = await request(key, { method: 'GET' });
      return status === 404 ? undefined : bytes;
    },
    create,
    remove: async (key) => {
      await request(key, { method: 'DELETE' });
    },
    list: (folder) => listBucket(request, name, folder),
    modified: async (key) => (await headOf(key))?.modified,
    touch: async (key) => {
      const head = await headOf(key);
      if (!head) return false;
      if (head.date.getTime() - head.modified.getTime() < YOUNG) return true;
      // Servers differ in what a copy onto itself does; written again, it is new for all.
      const { status, bytes } = await request(key, { method: 'GET' });
      if (status === 404) return false;
      await request(key, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> });
      return true;
    },
  };
  // Written twice: the first may find that another has.
  const probe = new TextEncoder().encode('mdensity');
  if ((await create('probe', probe)) && (await create('probe', probe))) throw unconditional(name);
  return store;
}

/** An answer whose body has come whole. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Sends a request for a key or, with an empty one and a query, for the bucket. */
type Send = (key: string, init: RequestInit, query?: URLSearchParams) => Promise<Answer>;

/** Lists what is below a folder, a page of names at a time. */
async function* listBucket(
  request: Send,
  name: string,
  folder: string,
): AsyncGenerator<StoreEntry, void, undefined> {
  const own = prefixOf(name);
  const before = own ? `${own}/` : '';
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ 'list-type': '2', prefix: `${before}${folder}/` });
    if (token !== undefined) query.set('continuation-token', token);
    const { bytes } = await request('', { method: 'GET' }, query);
    const page = listPage(new TextDecoder().decode(bytes));
    for (const { key, modified } of page.entries) {
      yield { key: key.slice(before.length), modified };
    }
    token = page.next;
  } while (token !== undefined);
}

/** A bucket, and a prefix in it. */
const NAME = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*?))?\/?$/;

const prefixOf = (name: string) => NAME.exec(name)?.[2] ?? '';

function requestsOf(name: string, env: S3Environment): Send {
  const [, bucket] = NAME.exec(name) ?? [];
  if (bucket === undefined) {
    throw new UserError(`store ${name}: is no bucket; give s3://bucket/prefix`, {
      facts: { option: 'store', value: name },
    });
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw new UserError(
      `store ${name}: no keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`,
      { facts: { option: 'store', value: name } },
    );
  }
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const endpoint =
    env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? `https://s3.${region}.amazonaws.com`;
  const sessionToken = env.AWS_SESSION_TOKEN;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  // Retries are made here: also of requests that never arrived.
  const client = new AwsClient({ ...keys, region, service: 's3', retries: 0 });
  const top = `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const prefix = prefixOf(name);
  const base = prefix ? `${top}/${prefix}` : top;
  return async (key, init, query) => {
    const url = query ? `${top}?${query}` : `${base}/${key}`;
    for (let tries = 1; ; tries++) {
      const answer = await client
        .fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT) })
        .then(whole)
        .catch((error: unknown) => error as Error);
      const passing = answer instanceof Error || isPassing(answer.status);
      if (!passing) return checked(answer, name, init.method !== 'PUT');
      if (tries === TRIES) throw away(name, endpoint, answer);
      await sleep(PAUSE * 2 ** tries * (1 + Math.random()));
    }
  };
}

/** Reads the body: a connection may break off in it. */
const whole = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  bytes: new Uint8Array(await response.arrayBuffer()),
});

/** Too many requests, a server that fails, and two conditional writes at one moment. */
const isPassing = (status: number) =>
  status === 409 || status === 429 || (status >= 500 && status !== 501 && status !== 507);

/** Gives back what says something of a key. @throws UserError for any other refusal. */
function checked(answer: Answer, name: string, reads: boolean): Answer {
  const { status, bytes } = answer;
  if ((status >= 200 && status < 300) || (status === 412 && !reads)) return answer;
  const text = new TextDecoder().decode(bytes);
  const reason = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '';
  if (status === 404 && reads && reason !== 'NoSuchBucket') return answer;
  const facts = { option: 'store', value: name, status, reason };
  if (status === 501) throw unconditional(name);
  const [problem, code] = refusals[reason] ?? [
    `the server answers ${status} ${reason}; see its log`,
    'network',
  ];
  throw new UserError(`store ${name}: ${problem}`, { code, facts });
}

const unknownKey = [
  'the server does not know AWS_ACCESS_KEY_ID; check the keys',
  'invalid',
] as const;

const refusals: Readonly<Record<string, readonly [string, UserError['code']]>> = {
  NoSuchBucket: ['there is no such bucket; make it first', 'not-found'],
  AccessDenied: ['the keys may not do that; give them rights to read and write', 'invalid'],
  InvalidAccessKeyId: unknownKey,
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: ['AWS_SECRET_ACCESS_KEY is wrong; check the keys', 'invalid'],
  QuotaExceeded: ['is full; free some space and start the same again', 'disk'],
  XMinioStorageFull: ['is full; free some space and start the same again', 'disk'],
};

const unconditional = (name: string) =>
  new UserError(
    `store ${name}: the server does not keep If-None-Match, so two could write one name; use a server that does, or a shared folder`,
    { code: 'unsupported', facts: { option: 'store', value: name } },
  );

function away(name: string, endpoint: string, answer: Answer | Error): UserError {
  const reason =
    answer instanceof Error
      ? ((answer.cause as { code?: string } | undefined)?.code ?? answer.message)
      : `status ${answer.status}`;
  return new UserError(
    `store ${name}: ${endpoint} does not answer (${reason}); check AWS_ENDPOINT_URL and the server, then start the same again`,
    { code: 'network', facts: { option: 'store', value: name, reason } },
  );
}
