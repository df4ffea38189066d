import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { UserError } from '../../errors.ts';
import { systemCode } from '../../files.ts';

/** A network fault that may pass: the same request is worth another try. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
}

/** How a request is made. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly stallTimeout: number;
  readonly signal?: AbortSignal | undefined;
}

const maxRedirects = 5;

/**
 * Sends a GET and gives the answer once its headers are here, redirects followed. Another host than
 * the first, and the same one by plain HTTP, is not told who asks.
 *
 * Not `fetch`: that unpacks `Content-Encoding: gzip`, which some servers set on `.gz` files, and
 * the checksum is of the packed bytes.
 */
export async function openUrl(url: string, options: RequestOptions): Promise<IncomingMessage> {
  let address = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await send('GET', address, toldAt(address, url, options));
    const next = redirectOf(response);
    if (next === undefined) return response;
    response.resume();
    address = new URL(next, address).href;
  }
  throw tooManyRedirects(url);
}

/** Headers by name in lower case; written out, as a program without Node's types may use them. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a server says of a file. */
export interface HeadAnswer {
  readonly statusCode: number;
  /** Of every answer on the way, the first that has one. */
  readonly headers: Headers;
}

/** Leaves out who asks, where an address is of another origin than the first. */
function toldAt(address: string, first: string, options: RequestOptions): RequestOptions {
  if (new URL(address).origin === new URL(first).origin) return options;
  const { authorization: _, ...headers } = options.headers ?? {};
  return { ...options, headers };
}

/**
 * Sends a HEAD, redirects followed as `openUrl` does; but where one leads to another origin, which
 * keeps the bytes, and says itself how many there are, that answer is enough.
 */
export async function headUrl(url: string, options: RequestOptions): Promise<HeadAnswer> {
  let address = url;
  let headers: Record<string, string | readonly string[] | undefined> = {};
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await send('HEAD', address, toldAt(address, url, options));
    response.resume();
    headers = { ...response.headers, ...headers };
    const next = redirectOf(response);
    const { statusCode = 0 } = response;
    if (next === undefined) return { statusCode, headers };
    // The length of a redirect is that of its own page.
    delete headers['content-length'];
    delete headers.location;
    const to = new URL(next, address);
    const isKept = headers['x-linked-size'] !== undefined;
    if (isKept && to.origin !== new URL(address).origin) return { statusCode: 200, headers };
    address = to.href;
  }
  throw tooManyRedirects(url);
}

function redirectOf({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  return statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
}

const tooManyRedirects = (url: string) =>
  new UserError(`${url}: redirects more than ${maxRedirects} times; try again later.`);

function send(
  method: 'GET' | 'HEAD',
  url: string,
  options: RequestOptions,
): Promise<IncomingMessage> {
  const { signal, stallTimeout } = options;
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'mdensity', ...options.headers };
  return new Promise((resolve, reject) => {
    const make = url.startsWith('https:') ? requestHttps : requestHttp;
    const request = make(url, { method, headers, ...(signal && { signal }) }, resolve);
    request.setTimeout(stallTimeout, () => {
      request.destroy(new TransientError(`no data for ${stallTimeout / 1000} s`));
    });
    request.on('error', reject);
    request.end();
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host is not found: is there a network?',
  EAI_AGAIN: 'its host is not found: is there a network?',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection breaks off',
  EPIPE: 'the connection breaks off',
  ETIMEDOUT: 'the connection times out',
  ENETUNREACH: 'the network is out of reach',
  EHOSTUNREACH: 'the host is out of reach',
};

const passing = new Set(['EAI_AGAIN', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/**
 * Tells whether an error comes from the network or the system; anything else is a defect of the
 * program.
 */
export function isNetworkFault(error: unknown): boolean {
  return error instanceof TransientError || systemCode(error) !== '';
}

/** Tells whether the same request is worth another try. */
export function isTransient(error: unknown): boolean {
  return error instanceof TransientError || passing.has(systemCode(error));
}

/** Says why a request failed, in words. */
export function networkReason(error: unknown): string {
  return reasons[systemCode(error)] ?? (error as Error).message;
}
