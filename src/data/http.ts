import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { UserError } from '../errors.ts';
import { systemCode } from '../files.ts';

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
 * Sends a GET and gives the answer once its headers are here, redirects followed.
 *
 * Not `fetch`: that unpacks `Content-Encoding: gzip`, which some servers set on `.gz` files, and the
 * checksum is of the packed bytes.
 */
export async function openUrl(url: string, options: RequestOptions): Promise<IncomingMessage> {
  let address = url;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await get(address, options);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) return response;
    response.resume();
    address = new URL(headers.location, address).href;
  }
  throw new UserError(`${url}: redirects more than ${maxRedirects} times; try again later.`);
}

function get(url: string, options: RequestOptions): Promise<IncomingMessage> {
  const { signal, stallTimeout } = options;
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'mdensity', ...options.headers };
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? getHttps : getHttp;
    const request = send(url, signal ? { headers, signal } : { headers }, resolve);
    request.setTimeout(stallTimeout, () => {
      request.destroy(new TransientError(`no data for ${stallTimeout / 1000} s`));
    });
    request.on('error', reject);
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

/** Whether an error comes from the network or the system; anything else is a defect of the program. */
export function isNetworkFault(error: unknown): boolean {
  return error instanceof TransientError || systemCode(error) !== '';
}

/** Whether the same request is worth another try. */
export function isTransient(error: unknown): boolean {
  return error instanceof TransientError || passing.has(systemCode(error));
}

/** Why a request failed, in words. */
export function networkReason(error: unknown): string {
  return reasons[systemCode(error)] ?? (error as Error).message;
}
