import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { makeFolder, writeError } from '../../files.ts';
import { fileDigests, gitSha1 } from './file-digests.ts';
import {
  type HeadAnswer,
  headUrl,
  isNetworkFault,
  isTransient,
  networkReason,
  openUrl,
  TransientError,
} from './http.ts';

/** A file to download, and how to know that it has come right. */
export interface Download {
  readonly url: string;
  /** Where it goes; while it comes, `${path}.part` grows beside it. */
  readonly path: string;
  readonly bytes: number;
  /** Checksums that are known; with none the size alone is looked at. */
  readonly sha256?: string | undefined;
  readonly md5?: string | undefined;
  /** SHA-1 of git, which counts the size too. */
  readonly gitSha1?: string | undefined;
  /** The variable that names another folder; default `MDENSITY_DATA`. */
  readonly variable?: string | undefined;
}

export interface DownloadOptions {
  /** Called as data comes, with the bytes here so far, those of an earlier run among them. */
  readonly onProgress?: (received: number) => void;
  /**
   * Further tries after a fault that may pass; a try that brings 1 MiB or more starts the count
   * anew. Default 4.
   */
  readonly retries?: number;
  /** Milliseconds before the second try, doubled for each one after. Default 500. */
  readonly retryDelay?: number;
  /** Milliseconds without a byte after which a connection counts as broken. Default 60,000. */
  readonly stallTimeout?: number;
  readonly signal?: AbortSignal | undefined;
  /** Sent along; `authorization` to the first host alone. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Settings = Required<Omit<DownloadOptions, 'signal'>> & Pick<DownloadOptions, 'signal'>;

const defaults = {
  onProgress: () => {},
  retries: 4,
  retryDelay: 500,
  stallTimeout: 60_000,
  headers: {},
};
const progressWorthAnotherTry = 1 << 20;

/**
 * Downloads a file over HTTP or HTTPS. A broken download goes on where it stopped, also in a later
 * run, if the server can; the file appears under its name only when size and checksums are right.
 *
 * @throws UserError where there is no network, for an HTTP status, a file of another size or
 *   checksum (what came is removed), a full disk or a folder that may not be written (what came is
 *   kept); and `signal.reason` where it is stopped.
 */
export async function downloadFile(
  download: Download,
  options: DownloadOptions = {},
): Promise<void> {
  const settings: Settings = { ...defaults, ...options };
  await prepareFolder(download);
  const resumed = (await partSize(download)) > 0;
  await receive(download, settings);
  let mismatch = await checksumMismatch(download);
  if (mismatch !== undefined) await dropPart(download);
  if (mismatch !== undefined && resumed) {
    // The beginning may have been another version of the file, or damaged: once more, from the
    // start.
    await receive(download, settings);
    mismatch = await checksumMismatch(download);
    if (mismatch !== undefined) await dropPart(download);
  }
  if (mismatch !== undefined) {
    throw new UserError(
      `${download.url}: ${mismatch}; nothing was kept. Try again; if it stays so, the publisher has changed the file.`,
    );
  }
  try {
    await rename(partPath(download), download.path);
  } catch (error) {
    throw writeError(error, download.path);
  }
}

const variableOf = ({ variable = 'MDENSITY_DATA' }: Download) => variable;

/**
 * Asks what a file is, with the retries of a download.
 *
 * @throws UserError where there is no network, or none to that host.
 */
export async function headOf(
  url: string,
  options: Pick<DownloadOptions, 'headers' | 'retries' | 'retryDelay' | 'signal'> = {},
): Promise<HeadAnswer> {
  const { headers, signal, retries, retryDelay, stallTimeout } = { ...defaults, ...options };
  for (let failures = 0; ; failures++) {
    try {
      const answer = await headUrl(url, { headers, stallTimeout, signal });
      if (answer.statusCode < 500 && answer.statusCode !== 429) return answer;
      throw new TransientError(`the server answers HTTP ${answer.statusCode}`);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError || !isNetworkFault(error)) throw error;
      if (!isTransient(error) || failures >= retries) {
        throw new UserError(
          `${url}: can not be reached: ${networkReason(error)}; check the network, or try again`,
          { code: 'network', facts: { url }, cause: error },
        );
      }
      await sleep(retryDelay * 2 ** failures, undefined, { signal });
    }
  }
}

function partPath({ path }: Download): string {
  return `${path}.part`;
}

async function partSize(download: Download): Promise<number> {
  return stat(partPath(download)).then(
    ({ size }) => size,
    () => 0,
  );
}

async function dropPart(download: Download): Promise<void> {
  await rm(partPath(download), { force: true });
}

async function prepareFolder(download: Download): Promise<void> {
  const folder = dirname(download.path);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw writeError(error, folder, `, with ${variableOf(download)}`);
  }
  const missing = download.bytes - (await partSize(download));
  const disk = await statfs(folder).catch(() => undefined);
  if (disk !== undefined && disk.bavail * disk.bsize < missing) {
    const free = Math.floor((disk.bavail * disk.bsize) / 1e6);
    throw new UserError(
      `${folder}: the disk has ${free} MB free, ${Math.ceil(missing / 1e6)} MB more are needed; free some space or choose another folder with ${variableOf(download)}.`,
    );
  }
}

/** Tries until the part file has all its bytes. */
async function receive(download: Download, settings: Settings): Promise<void> {
  let failures = 0;
  for (;;) {
    const before = await partSize(download);
    try {
      await receiveRest(download, before, settings);
      return;
    } catch (error) {
      settings.signal?.throwIfAborted();
      if (error instanceof UserError || !isNetworkFault(error)) throw error;
      const gained = (await partSize(download)) - before;
      failures = gained >= progressWorthAnotherTry ? 1 : failures + 1;
      if (!isTransient(error) || failures > settings.retries) throw await gaveUp(download, error);
      await sleep(settings.retryDelay * 2 ** (failures - 1), undefined, {
        signal: settings.signal,
      });
    }
  }
}

async function gaveUp(download: Download, error: unknown): Promise<UserError> {
  const kept = await partSize(download);
  const keep = kept > 0 ? `, it goes on after the ${kept} bytes that are here` : '';
  return new UserError(
    `${download.url}: can not be downloaded: ${networkReason(error)}; run the same command again${keep}.`,
    { cause: error },
  );
}

async function receiveRest(download: Download, have: number, settings: Settings): Promise<void> {
  if (have === download.bytes) return;
  if (have > download.bytes) {
    await dropPart(download);
    return receiveRest(download, 0, settings);
  }
  const { signal, stallTimeout } = settings;
  const headers = { ...settings.headers, ...(have > 0 && { range: `bytes=${have}-` }) };
  const response = await openUrl(download.url, { headers, stallTimeout, signal });
  try {
    if (response.statusCode === 416) await dropPart(download);
    const start = startOfAnswer(response, download, have);
    await append(response, download, start, settings);
  } finally {
    response.destroy();
  }
}

/** The byte at which the answer starts: `have`, or 0 where the server does not send parts. */
function startOfAnswer(response: IncomingMessage, download: Download, have: number): number {
  const { statusCode = 0, headers } = response;
  if (statusCode === 416 || statusCode === 408 || statusCode === 429 || statusCode >= 500) {
    throw new TransientError(`the server answers HTTP ${statusCode}`);
  }
  if (statusCode !== 200 && statusCode !== 206) {
    throw new UserError(
      `${download.url}: the server answers HTTP ${statusCode}; the file may have moved: put it at ${download.path} by hand, or try later.`,
    );
  }
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  const total = statusCode === 206 ? range?.[2] : headers['content-length'];
  if (total !== undefined && total !== '*' && Number(total) !== download.bytes) {
    throw new UserError(
      `${download.url}: size is ${total} bytes, ${download.bytes} expected; the publisher has changed the file, or a proxy answers in its place.`,
    );
  }
  if (statusCode === 200) return 0;
  if (Number(range?.[1]) !== have) {
    throw new UserError(
      `${download.url}: the server sends another part than asked; try again later.`,
    );
  }
  return have;
}

async function append(
  response: IncomingMessage,
  download: Download,
  start: number,
  settings: Settings,
): Promise<void> {
  const part = partPath(download);
  const orExplain = (error: unknown): never => {
    throw writeError(error, part, `, or choose another folder with ${variableOf(download)}`);
  };
  const file = await open(part, start > 0 ? 'a' : 'w').catch(orExplain);
  let received = start;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > download.bytes) break;
      await file.appendFile(chunk).catch(orExplain);
      settings.onProgress(received);
    }
    await file.sync().catch(ignoreUnsyncable);
  } finally {
    await file.close();
  }
  if (received < download.bytes) throw new TransientError('the connection breaks off');
  if (received > download.bytes) {
    await dropPart(download);
    throw new UserError(
      `${download.url}: sends more than ${download.bytes} bytes; nothing was kept.`,
    );
  }
}

/**
 * Some disks and devices can not be synced; the checksum is read back before the file gets its
 * name.
 */
function ignoreUnsyncable(): void {}

async function checksumMismatch(download: Download): Promise<string | undefined> {
  const digests = await fileDigests(partPath(download));
  if (download.sha256 !== undefined && digests.sha256 !== download.sha256) {
    return `SHA-256 is ${digests.sha256}, ${download.sha256} expected`;
  }
  if (download.md5 !== undefined && digests.md5 !== download.md5) {
    return `MD5 is ${digests.md5}, ${download.md5} expected`;
  }
  if (download.gitSha1 !== undefined) {
    const sha1 = await gitSha1(partPath(download), digests.bytes);
    if (sha1 !== download.gitSha1) return `git's SHA-1 is ${sha1}, ${download.gitSha1} expected`;
  }
  return undefined;
}
