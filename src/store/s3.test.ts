/** What a bucket's client does where a line fails; with a real server: store.queue.test.ts. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openS3Store } from './s3.ts';

test('a body that breaks off is read again', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 1000 }, (_, i) => i % 251));
  let reads = 0;
  let writes = 0;
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'PUT') {
      writes++;
      response.writeHead(writes > 1 ? 412 : 200).end();
      return;
    }
    reads++;
    response.writeHead(200, { 'content-length': bytes.length });
    if (reads > 2) response.end(bytes);
    else response.write(bytes.subarray(0, 300), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const store = await openS3Store('s3://bucket/x', {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  });
  expect(Buffer.from((await store.read('one'))!).equals(bytes)).toBe(true);
  expect(reads).toBe(3);
});

test('a list of many pages is read to its end', async () => {
  const asked: (string | null)[] = [];
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'PUT') return void response.writeHead(200 + 212 * puts++).end();
    const query = new URL(request.url!, 'http://x').searchParams;
    const token = query.get('continuation-token');
    asked.push(token);
    const key = `a&amp;b/results/aa/${token ?? 'first'}`;
    const more = token === null;
    response.end(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? '<NextContinuationToken>2+/=</NextContinuationToken>' : ''}
       <Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents></ListBucketResult>`,
    );
  });
  let puts = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const store = await openS3Store('s3://bucket/a&b', {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  });
  const found: string[] = [];
  for await (const { key, modified } of store.list('results')) {
    found.push(key);
    expect(modified.toISOString()).toBe('2026-01-02T03:04:05.678Z');
  }
  expect(found).toEqual(['results/aa/first', 'results/aa/2+/=']);
  expect(asked).toEqual([null, '2+/=']);
});
