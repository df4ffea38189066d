import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { decodeNpy } from '../data/index.ts';
import { testApp, walkAtOnce } from './testing.ts';
import { clientTypes } from './testing-document.ts';

type TestApp = ReturnType<typeof testApp>;

const json = { 'content-type': 'application/json' };
const ask = ({ app }: TestApp, body: unknown, headers: Record<string, string> = {}) =>
  app.request('/v1/samples', {
    method: 'POST',
    headers: { ...json, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const read = async (response: Response | Promise<Response>) => {
  const { status, headers } = await response;
  const text = await (await response).text();
  return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
};
const small = { model: 'digits', chains: 3, steps: 40, seed: 7 };

describe('a request', () => {
  test('is a job with a place, its seed, and defaults filled in', async () => {
    const test = testApp();
    const { status, headers, body } = await read(ask(test, { model: 'digits', chains: 2 }));
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/samples/${body.id}`);
    expect(Number(headers.get('mdensity-seed'))).toBe(body.seed);
    expect(body).toMatchObject({ status: 'queued', shape: [2, 30, 1, 2, 2], jumps: 0 });
    expect(body.request).toMatchObject({ steps: 600, burnIn: 0, seed: body.seed });
    expect(test.tasks[0]!.task).toMatchObject({ chains: 2, request: { seed: body.seed } });
  });

  test('without a seed gets another one each time', async () => {
    const test = testApp();
    const seeds = [1, 2, 3].map(async () => (await read(ask(test, { model: 'digits' }))).body.seed);
    expect(new Set(await Promise.all(seeds)).size).toBe(3);
  });

  test.each([
    ['application/json', 'application/json'],
    [undefined, 'application/json'],
    ['text/html, */*;q=0.1', 'application/json'],
    ['image/*', 'image/png'],
    ['application/json;q=0.2, application/x-npy', 'application/x-npy'],
  ])('that waits and accepts %s gets %s', async (accept, type) => {
    const test = testApp({ walk: walkAtOnce });
    const response = await ask(test, small, { prefer: 'wait=5', ...(accept && { accept }) });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('preference-applied')).toBe('wait=5');
    expect(response.headers.get('mdensity-seed')).toBe('7');
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (type === 'image/png') expect([...bytes.subarray(1, 4)]).toEqual([80, 78, 71]);
    else if (type === 'application/x-npy') {
      const { shape, data } = decodeNpy(bytes, 'answer');
      expect(shape).toEqual([3, 2, 1, 2, 2]);
      expect(Array.from(data as Float32Array).slice(0, 8)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    } else {
      const samples = JSON.parse(new TextDecoder().decode(bytes));
      expect(samples).toMatchObject({ model: 'digits', seed: 7, shape: [3, 2, 1, 2, 2] });
      expect(samples.steps).toEqual([20, 40]);
      expect(samples.data).toHaveLength(24);
    }
  });

  test('that waits in vain gets the job', async () => {
    const { status, body } = await read(ask(testApp(), small, { prefer: 'wait=1' }));
    expect(status).toBe(202);
    expect(body.status).toBe('queued');
  });

  test('whose client leaves while it waits is cancelled', async () => {
    const test = testApp();
    const controller = new AbortController();
    const request = new Request('http://localhost/v1/samples', {
      method: 'POST',
      headers: { ...json, prefer: 'wait=60' },
      body: JSON.stringify(small),
      signal: controller.signal,
    });
    const answer = test.app.request(request);
    while (test.tasks.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort();
    await answer;
    expect(test.tasks[0]!.stopped).toBe(true);
    expect(test.jobs.counts()).toEqual({ queued: 0, running: 0 });
  });

  test('of many chains goes in parts, each jump when all parts have it', async () => {
    const test = testApp();
    const { body } = await read(ask(test, { ...small, chains: 100 }));
    const place = `/v1/samples/${body.id}`;
    const [first, second] = test.tasks;
    expect([first, second].map((given) => given!.task)).toMatchObject([
      { firstChain: 0, chains: 64 },
      { firstChain: 64, chains: 36 },
    ]);
    const jumps = async () => (await read(test.app.request(place))).body.jumps;
    second!.events.jump(0, 20, new Float32Array(36 * 4).fill(2));
    expect(await jumps()).toBe(0);
    first!.events.jump(0, 20, new Float32Array(64 * 4).fill(1));
    expect(await jumps()).toBe(1);
    for (const { events, task } of test.tasks) {
      // A part that is walked again gives what it gave again.
      events.jump(0, 20, new Float32Array(task.chains * 4).fill(9));
      events.jump(1, 40, new Float32Array(task.chains * 4).fill(3));
      events.done();
    }
    const { body: samples } = await read(test.app.request(`${place}/result`));
    expect(samples.data.slice(63 * 8, 65 * 8)).toEqual([
      ...[1, 1, 1, 1, 3, 3, 3, 3, 2, 2, 2, 2, 3, 3, 3, 3],
    ]);
  });
});

describe('an idempotency key', () => {
  test('gives the job of the first request, and refuses another body', async () => {
    const test = testApp();
    const key = { 'idempotency-key': 'a' };
    const first = await read(ask(test, { model: 'digits', chains: 2 }, key));
    const again = await read(ask(test, { model: 'digits', chains: 2 }, key));
    expect(again.body.id).toBe(first.body.id);
    expect(test.tasks).toHaveLength(1);
    const other = await read(ask(test, small, key));
    expect(other).toMatchObject({ status: 422, body: { code: 'other-request' } });
    expect((await read(ask(test, small, { 'idempotency-key': 'b' }))).status).toBe(202);
  });
});

describe('events', () => {
  const events = async (test: TestApp, id: string, last?: string) => {
    const headers = last === undefined ? {} : { 'last-event-id': last };
    const response = await test.app.request(`/v1/samples/${id}/events`, { headers });
    const text = await response.text();
    return {
      status: response.status,
      ids: [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id),
      text,
    };
  };

  test('are jumps with ids, from which a client goes on', async () => {
    const test = testApp({ walk: walkAtOnce });
    const { body } = await read(ask(test, { ...small, steps: 60 }));
    expect((await events(test, body.id)).ids).toEqual(['1', '2', '3', 'end']);
    expect((await events(test, body.id, '2')).ids).toEqual(['3', 'end']);
    expect((await events(test, body.id, 'nonsense')).ids).toEqual(['1', '2', '3', 'end']);
    expect((await events(test, body.id, '99')).ids).toEqual(['end']);
    expect((await events(test, body.id, 'end')).status).toBe(204);
    const [, data] = /^data: (.*"jump":3.*)$/m.exec((await events(test, body.id)).text)!;
    const { xhat, ...jump } = JSON.parse(data!);
    expect(jump).toEqual({ jump: 3, step: 60, shape: [3, 1, 2, 2] });
    expect(new Float32Array(new Uint8Array(Buffer.from(xhat, 'base64')).buffer)).toEqual(
      new Float32Array(12).fill(2),
    );
  });

  test('end with what went wrong', async () => {
    const test = testApp({
      walk: ({ events }) =>
        events.failed({ message: 'stepSize 9: too large', code: 'diverged', facts: { step: 3 } }),
    });
    const { body } = await read(ask(test, small));
    const { text } = await events(test, body.id);
    expect(text).toMatch(/^event: failed$/m);
    const result = await read(test.app.request(body.links.result));
    expect(result).toMatchObject({
      status: 422,
      body: { code: 'diverged', detail: 'stepSize 9: too large', facts: { step: 3 } },
    });
    expect(result.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe('a job', () => {
  test('that is deleted is stopped, then forgotten', async () => {
    const test = testApp();
    const { body } = await read(ask(test, small));
    const place = `/v1/samples/${body.id}`;
    const remove = () => test.app.request(place, { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    expect(test.tasks[0]!.stopped).toBe(true);
    expect((await read(test.app.request(place))).body.status).toBe('cancelled');
    expect((await read(test.app.request(`${place}/result`))).status).toBe(409);
    await remove();
    expect((await read(test.app.request(place))).status).toBe(404);
  });

  test('that is not finished has no result yet, and says when to come again', async () => {
    const test = testApp();
    test.costs.add('digits.onnx', { runs: 1, rows: 10, seconds: 5 });
    const { body } = await read(ask(test, small));
    const { status, headers } = await read(test.app.request(body.links.result));
    expect(status).toBe(409);
    // 3 chains × (40 steps + 2 jumps) × 0.5 s.
    expect(headers.get('retry-after')).toBe('63');
  });

  test('whose processes die is a problem of the server', async () => {
    const test = testApp({ walk: ({ events }) => events.died() });
    const { status, body } = await read(ask(test, small, { prefer: 'wait=5' }));
    expect([status, body.code]).toEqual([500, 'worker']);
  });
});

describe('limits', () => {
  test('a full queue answers 429 with the seconds that the work takes', async () => {
    const test = testApp({ limits: { queue: 2 } });
    test.costs.add('digits.onnx', { runs: 1, rows: 1, seconds: 0.1 });
    for (let i = 0; i < 2; i++) expect((await ask(test, small)).status).toBe(202);
    const { status, headers, body } = await read(ask(test, small));
    expect([status, body.code]).toEqual([429, 'full']);
    // 2 jobs × 3 chains × 42 calls × 0.1 s.
    expect(headers.get('retry-after')).toBe('26');
    test.tasks[0]!.events.started();
    expect((await ask(test, small)).status).toBe(202);
  });

  test('a key has so many unfinished jobs, and sees its own alone', async () => {
    const keys = 'alice=0123456789abcdef, bob=fedcba9876543210';
    const test = testApp({ keys, limits: { perKey: 1 } });
    const [alice, bob] = ['0123456789abcdef', 'fedcba9876543210'].map((key) => ({
      authorization: `Bearer ${key}`,
    }));
    const first = await read(ask(test, small, alice));
    expect(first.status).toBe(202);
    expect((await ask(test, small, alice)).status).toBe(429);
    expect((await ask(test, small, bob)).status).toBe(202);
    const place = `/v1/samples/${first.body.id}`;
    expect((await test.app.request(place, { headers: bob! })).status).toBe(404);
    expect((await test.app.request(place, { headers: alice! })).status).toBe(200);
    for (const headers of [{}, { authorization: 'Bearer 0123456789abcdee' }]) {
      const refused = await test.app.request('/v1/models', { headers });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await test.app.request('/metrics')).status).toBe(401);
    expect((await test.app.request('/livez')).status).toBe(200);
    expect(JSON.stringify(test.lines)).not.toMatch(/0123456789abcde/);
  });

  test.each([
    [{ ...small, chains: 1e6, steps: 1e6 }, 'too-large', /chains × steps are 1000000000000, above/],
    [{ ...small, chains: 1000, steps: 900, jumpEvery: 1 }, 'too-large', /the walk takes \d+ bytes/],
    [{ ...small, chains: 9, measurements: 1e9 }, 'too-large', /the walk takes \d+ bytes/],
    [{ ...small, steps: 10 }, 'invalid', /steps 10: no jump falls within/],
  ])('a job that is too large is refused: %o', async (asked, code, detail) => {
    const test = testApp({ limits: { resultBytes: 1e7 } });
    const { status, body } = await read(ask(test, asked));
    expect([status, body.code]).toEqual([422, code]);
    expect(body.detail).toMatch(detail);
    expect(test.tasks).toEqual([]);
  });

  test('a family is limited and priced as the sequential walk that it is given', async () => {
    const asked = { model: 'family', chains: 2, steps: 80, seed: 1 };
    // M = 16 in five factors: 80 steps of y_1, and for two draws four times 4 steps and a call.
    const updates = 2 * (80 + 2 * 4 * 5);
    const small = testApp({ limits: { updates: updates - 1 } });
    const { status, body } = await read(ask(small, asked));
    expect([status, body.code]).toEqual([422, 'too-large']);
    expect(body.detail).toMatch(/^chains × steps of all factors are 240, above the 239 of this/);
    const test = testApp({ limits: { updates, queue: 1 } });
    test.costs.add('family.onnx', { runs: 1, rows: 1, seconds: 0.5 });
    const first = await read(ask(test, asked));
    expect(first.body).toMatchObject({ shape: [2, 2, 1, 2, 2], progress: { of: 160 } });
    // The draw's own call comes to those: 2 · (80 + 2 · 21) rows of half a second.
    expect((await ask(test, asked)).headers.get('retry-after')).toBe('122');
    const { task } = test.tasks[0]!;
    expect(task.walk).toMatchObject({
      walk: 'sequential',
      effectiveSigma: 0.25,
      jumpEvery: 40,
      stepSize: 0.7,
      chains: 2,
    });
    const joint = await read(ask(testApp(), { ...asked, walk: 'joint' }));
    expect(joint.body.shape).toEqual([2, 4, 1, 2, 2]);
  });

  test('a walk of all measurements is of the size that the model says', async () => {
    // 4 bytes × 2 chains × 4 numbers × 6 arrays × M = 16.
    const asked = { model: 'family', chains: 2, steps: 20, walk: 'joint' };
    const test = testApp({ limits: { resultBytes: 3071 } });
    expect((await read(ask(test, asked))).body.detail).toMatch(/^the walk takes 3072 bytes, above/);
    expect((await ask(testApp({ limits: { resultBytes: 3072 } }), asked)).status).toBe(202);
  });

  test('results make room for others, the oldest first', async () => {
    // Of one job: 3 chains × 2 jumps × 4 numbers.
    const test = testApp({ walk: walkAtOnce, limits: { storeBytes: 2 * 96 } });
    const jobs = [];
    for (let i = 0; i < 3; i++) jobs.push((await read(ask(test, small))).body);
    const statuses = jobs.map(async ({ links }) => (await test.app.request(links.self)).status);
    expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
  });
});

describe('bad input', () => {
  test.each([
    ['{"model":', 400, 'body', /no JSON/],
    ['[]', 422, 'invalid', /#\//],
    ['null', 422, 'invalid', /#\//],
    [{}, 422, 'invalid', /#\/model/],
    [{ ...small, model: '../../etc/passwd' }, 422, 'invalid', /name of a model/],
    [{ ...small, model: 'runs/digits' }, 422, 'invalid', /name of a model/],
    [{ ...small, model: 'digts' }, 422, 'not-found', /Did you mean "digits"/],
    [{ ...small, model: '__proto__' }, 422, 'invalid', /name of a model/],
    [{ ...small, chains: -1 }, 422, 'invalid', /#\/chains/],
    [{ ...small, chains: 1.5 }, 422, 'invalid', /#\/chains/],
    [{ ...small, sigma: '1' }, 422, 'invalid', /#\/sigma/],
    [{ ...small, out: '/etc/x' }, 422, 'invalid', /Unrecognized key: "out"/],
    ['{"model":"digits","__proto__":{"chains":1}}', 422, 'invalid', /__proto__/],
    [{ ...small, template: 'A'.repeat(200_000) }, 413, 'body', /longer than 65536 bytes/],
  ])('%#: a problem document, and nothing is walked', async (asked, status, code, detail) => {
    const test = testApp();
    const answer = await read(ask(test, asked));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body).toMatchObject({ type: `urn:mdensity:problem:${code}`, status });
    expect(answer.body.detail).toMatch(detail);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(test.tasks).toEqual([]);
  });

  test('another type of body, another host and formats that there are not are refused', async () => {
    const test = testApp();
    expect((await ask(test, small, { 'content-type': 'text/plain' })).status).toBe(415);
    const accept = { prefer: 'wait=5', accept: 'image/webp' };
    expect((await ask(test, small, accept)).status).toBe(406);
    const plane = { ...small, model: 'plane' };
    const picture = { prefer: 'wait=5', accept: 'image/png' };
    expect(await read(ask(test, plane, picture))).toMatchObject({
      status: 406,
      body: { detail: expect.stringMatching(/shape \[2\] and are no images/) },
    });
    const other = await test.app.request('http://evil.example/v1/models');
    expect(other.status).toBe(421);
    expect(test.tasks).toEqual([]);
  });

  test('samples too large for JSON are refused as such, before the walk, and come otherwise', async () => {
    // 2 MiB of numbers is the most.
    const most = { model: 'digits', chains: 1024, steps: 512, jumpEvery: 1, seed: 1 };
    const test = testApp({ walk: walkAtOnce });
    expect((await ask(test, most, { prefer: 'wait=5' })).status).toBe(200);
    const large = { ...most, steps: 513 };
    const { status, body } = await read(ask(test, large, { prefer: 'wait=5' }));
    expect([status, body.code]).toEqual([406, 'not-acceptable']);
    expect(body.detail).toBe(
      'the samples are 8404992 bytes of values, above the 8388608 that are written as JSON; accept application/x-npy or image/png',
    );
    expect(body.facts).toEqual({ accept: ['application/x-npy', 'image/png'] });
    expect(test.tasks).toHaveLength(16);
    const job = (await read(ask(test, large))).body;
    expect((await test.app.request(job.links.result)).status).toBe(406);
    const npy = { accept: 'application/x-npy' };
    const bytes = await (await test.app.request(job.links.result, { headers: npy })).arrayBuffer();
    expect(decodeNpy(new Uint8Array(bytes), 'answer').shape).toEqual([1024, 513, 1, 2, 2]);
    const plane = await read(
      ask(test, { ...large, model: 'plane', steps: 1025 }, { prefer: 'wait=5' }),
    );
    expect(plane.body.facts).toEqual({ accept: ['application/x-npy'] });
  });

  test('a defect says nothing of itself to the client', async () => {
    const test = testApp({
      walk: () => {
        throw new Error('secret');
      },
    });
    const { status, body } = await read(ask(test, small));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
    // What pino writes of the line: the stack too.
    const written: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => written.push(line) });
    log.error(test.lines.find((line) => 'err' in (line as object)) as object, 'a defect');
    expect(JSON.parse(written[0]!).err).toMatchObject({
      message: 'secret',
      stack: expect.stringContaining('app.test.ts'),
    });
  });
});

test('a server about to end is not ready, takes nothing new and gives what there is', async () => {
  const test = testApp({ walk: walkAtOnce });
  const { body } = await read(ask(test, small));
  test.state.draining = true;
  test.state.ready = false;
  expect((await test.app.request('/readyz')).status).toBe(503);
  expect((await test.app.request('/livez')).status).toBe(200);
  const refused = await read(ask(test, small));
  expect([refused.status, refused.body.code]).toEqual([503, 'draining']);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect((await test.app.request(body.links.result)).status).toBe(200);
});

test('pages and answers say what a browser may do with them', async () => {
  const { app } = testApp();
  const policy = async (path: string) =>
    (await app.request(path)).headers.get('content-security-policy');
  expect(await policy('/v1/models')).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(await policy('/docs')).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  const page = await (await app.request('/docs')).text();
  expect(page).not.toMatch(/https?:\/\//);
  for (const [, path] of page.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)) {
    expect((await app.request(path!)).status).toBe(200);
  }
  expect((await app.request('/')).headers.get('location')).toBe('/docs');
  expect((await app.request('/nothing')).status).toBe(404);
});

test('the document names every route and option, and the client’s types are made of it', async () => {
  const { app } = testApp();
  const document = await (await app.request('/openapi.json')).json();
  expect(Object.keys(document.paths)).toEqual([
    ...['/v1/samples', '/v1/samples/{id}', '/v1/samples/{id}/result', '/v1/samples/{id}/events'],
    '/v1/models',
  ]);
  expect(Object.keys(document.components.schemas.SampleRequest.properties)).toEqual(
    expect.arrayContaining(['model', 'chains', 'kernel', 'walk', 'class', 'beta', 'template']),
  );
  const written = await readFile(new URL('../client/schema.ts', import.meta.url), 'utf8');
  expect(await clientTypes()).toBe(written);
});
