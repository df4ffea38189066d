import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { type Download, downloadFile } from './fetch.ts';

const folder = temporaryFolder();
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
const quick = { retryDelay: 1 };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler = () => {};
let server: Server;
let base = '';
/** Range headers of the requests so far; `''` for none. */
let ranges: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  ranges = [];
});

function download(name: string, change: Partial<Download> = {}): Download {
  return {
    url: `${base}/${name}`,
    path: join(folder, name, 'file.gz'),
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    md5: createHash('md5').update(content).digest('hex'),
    ...change,
  };
}

/** Serves parts as asked for; cuts the connection after `cutAfter` bytes of each answer. */
function serve(
  bytes: Buffer,
  { cutAfter = Number.POSITIVE_INFINITY, ranges = true } = {},
): Handler {
  return (request, response) => {
    const from = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(from);
    const headers: Record<string, string> = { 'content-length': `${rest.length}` };
    if (from > 0) headers['content-range'] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    if (rest.length <= cutAfter) return response.end(rest);
    // The pause lets most of it arrive: what is on its way is lost with the connection.
    const cut = () => setTimeout(() => response.destroy(), 50);
    return response.write(rest.subarray(0, cutAfter), cut);
  };
}

function expectWhole({ path }: Download): void {
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(existsSync(`${path}.part`)).toBe(false);
}

function expectNothing({ path }: Download): void {
  expect(existsSync(path)).toBe(false);
}

test('downloads a file and tells how far it is', async () => {
  handler = serve(content);
  const seen: number[] = [];
  const file = download('whole');
  await downloadFile(file, { ...quick, onProgress: (received) => seen.push(received) });
  expectWhole(file);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(content.length);
});

test('goes on where the connection was cut', async () => {
  handler = serve(content, { cutAfter: 100_000 });
  const file = download('cut');
  await downloadFile(file, quick);
  expectWhole(file);
  const starts = ranges.map((range) => Number(/\d+/.exec(range)?.[0] ?? 0));
  expect(starts.length).toBeGreaterThanOrEqual(3);
  expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
});

test('goes on in a later run', async () => {
  handler = serve(content, { cutAfter: 100_000 });
  const file = download('later');
  const first = downloadFile(file, { ...quick, retries: 0 });
  const message = await first.then(
    () => 'it came whole',
    (error: Error) => error.message,
  );
  expect(message).toMatch(
    /the connection breaks off; run the same command again, it goes on after/,
  );
  expectNothing(file);
  const kept = statSync(`${file.path}.part`).size;
  expect(message).toContain(`the ${kept} bytes that are here`);
  handler = serve(content);
  await downloadFile(file, quick);
  expectWhole(file);
  expect(ranges).toEqual(['', `bytes=${kept}-`]);
});

test('starts anew where the server ignores ranges', async () => {
  const file = download('ignores');
  put(content.subarray(0, 1000), `${file.path}.part`);
  handler = serve(content, { ranges: false });
  await downloadFile(file, quick);
  expectWhole(file);
});

test('starts anew where what was here is of another file', async () => {
  const file = download('stale');
  put(Buffer.alloc(1000, 1), `${file.path}.part`);
  handler = serve(content);
  await downloadFile(file, quick);
  expectWhole(file);
  expect(ranges).toEqual(['bytes=1000-', '']);
});

test('a finished part needs no network, one too long or refused is dropped', async () => {
  const done = download('done');
  put(content, `${done.path}.part`);
  await downloadFile(done, quick);
  expectWhole(done);
  expect(ranges).toEqual([]);
  const long = download('long');
  put(Buffer.alloc(content.length + 1), `${long.path}.part`);
  handler = serve(content);
  await downloadFile(long, quick);
  expectWhole(long);
  const refused = download('refused');
  put(Buffer.alloc(10), `${refused.path}.part`);
  handler = (request, response) => {
    if (request.headers.range) response.writeHead(416).end();
    else serve(content)(request, response);
  };
  await downloadFile(refused, quick);
  expectWhole(refused);
});

test('wrong bytes are refused and not kept', async () => {
  const wrong = Buffer.from(content);
  wrong[5] = (wrong[5] as number) ^ 1;
  handler = serve(wrong);
  const file = download('wrong');
  await expect(downloadFile(file, quick)).rejects.toThrow(/SHA-256 is \w+, \w+ expected; nothing/);
  expectNothing(file);
  expect(existsSync(`${file.path}.part`)).toBe(false);
  handler = serve(content);
  const otherMd5 = download('md5', { md5: '0'.repeat(32) });
  await expect(downloadFile(otherMd5, quick)).rejects.toThrow(/MD5 is \w+, 0+ expected/);
  expectNothing(otherMd5);
});

test('another size is refused before it is downloaded, or at its first byte too many', async () => {
  const file = download('size', { bytes: 1000 });
  handler = serve(content);
  await expect(downloadFile(file, quick)).rejects.toThrow(/size is 300000 bytes, 1000 expected/);
  handler = (_, response) => void response.end(content.subarray(0, 2000));
  await expect(downloadFile(file, quick)).rejects.toThrow(/size is 2000 bytes, 1000 expected/);
  handler = (_, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.end(content.subarray(0, 2000));
  };
  await expect(downloadFile(file, quick)).rejects.toThrow(/sends more than 1000 bytes/);
  expectNothing(file);
});

test('404 is told at once, 503 after further tries', async () => {
  const file = download('status');
  handler = (_, response) => void response.writeHead(404).end('not here');
  await expect(downloadFile(file, quick)).rejects.toThrow(
    /status: the server answers HTTP 404; the/,
  );
  expect(ranges.length).toBe(1);
  ranges = [];
  handler = (_, response) => void response.writeHead(503).end();
  await expect(downloadFile(file, quick)).rejects.toThrow(
    /can not be downloaded: .* HTTP 503; run/,
  );
  expect(ranges.length).toBe(5);
  expectNothing(file);
});

test('packed answers are kept as they are, redirects are followed', async () => {
  handler = (request, response) => {
    if (request.url === '/redirect') {
      response.writeHead(302, { location: '/elsewhere' }).end();
    } else {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
    }
  };
  const file = download('redirect');
  await downloadFile(file, quick);
  expectWhole(file);
  handler = (_, response) => void response.writeHead(302, { location: '/circle' }).end();
  await expect(downloadFile(download('circle'), quick)).rejects.toThrow(/redirects more than 5/);
});

test('a server that falls silent counts as a broken connection', async () => {
  let requests = 0;
  handler = (request, response) => {
    requests += 1;
    if (requests > 1) return serve(content)(request, response);
    response.writeHead(200, { 'content-length': `${content.length}` });
    return response.write(content.subarray(0, 5000));
  };
  const file = download('silent');
  await downloadFile(file, { ...quick, stallTimeout: 100 });
  expectWhole(file);
  expect(ranges.slice(0, 2)).toEqual(['', 'bytes=5000-']);
});

test('no server and no host are told in words', async () => {
  const closed = download('closed', { url: 'http://127.0.0.1:1/file.gz' });
  await expect(downloadFile(closed, quick)).rejects.toThrow(/the connection is refused; run/);
  await expect(downloadFile(closed, quick)).rejects.toThrow(UserError);
});

test('can be stopped, and goes on later', async () => {
  handler = (_, response) => {
    response.writeHead(200, { 'content-length': `${content.length}` });
    response.write(content.subarray(0, 5000));
  };
  const stop = new AbortController();
  const file = download('stopped');
  const onProgress = () => stop.abort();
  await expect(
    downloadFile(file, { ...quick, signal: stop.signal, onProgress }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expectNothing(file);
  handler = serve(content);
  await downloadFile(file, quick);
  expect(ranges.length).toBe(2);
  expectWhole(file);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one clear error', async () => {
  const file = download('full');
  put('', folder, 'full', 'keep');
  symlinkSync('/dev/full', `${file.path}.part`);
  handler = serve(content);
  const fetching = downloadFile(file, quick);
  await expect(fetching).rejects.toThrow(UserError);
  await expect(fetching).rejects.toThrow(/file\.gz\.part: the disk is full; free some space/);
  expectNothing(file);
  rmSync(`${file.path}.part`);
});

test('too little space is told before anything is asked for', async () => {
  const file = download('huge', { bytes: 2 ** 52 });
  await expect(downloadFile(file, quick)).rejects.toThrow(/the disk has \d+ MB free, \d+ MB more/);
  expect(ranges).toEqual([]);
});

test('a folder that can not be made is one clear error', async () => {
  const inTheWay = put('a file', folder, 'in-the-way');
  const file = download('x', { path: join(inTheWay, 'sub', 'file.gz') });
  await expect(downloadFile(file, quick)).rejects.toThrow(UserError);
  await expect(downloadFile(file, quick)).rejects.toThrow(
    /choose another folder, with MDENSITY_DATA/,
  );
});
