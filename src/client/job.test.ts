import { expect, test } from 'vitest';
import { holdJob } from './job.ts';
import type { JobDescription } from './types.ts';

const described = {
  id: 'a',
  seed: 1,
  shape: [1, 1, 2],
  links: { self: '/a', events: '/a/events', result: '/a/result' },
} as JobDescription;
const event = (name: string, data: object, id = '') =>
  `event: ${name}\n${id && `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
const progress = event('progress', { done: 1, of: 2, unit: 'updates' });
const xhat = Buffer.from(Float32Array.of(1, 2).buffer).toString('base64');
const jump = event('jump', { jump: 1, step: 2, shape: [1, 2], xhat }, '1');
const done = event('done', { status: 'done' });

/** A server whose answers are these texts, one after another; an error is a line that is lost. */
function serverOf(...answers: readonly (string | Error)[]) {
  const asked: (string | null)[] = [];
  const send = async (_: string, options: RequestInit = {}) => {
    asked.push(new Headers(options.headers).get('last-event-id'));
    const answer = answers[asked.length - 1]!;
    if (answer instanceof Error) throw answer;
    return new Response(answer);
  };
  return { asked, job: holdJob(described, send) };
}

test('what the caller’s own onProgress throws reaches the caller, and nothing is asked again', async () => {
  const { asked, job } = serverOf(progress + jump + done, progress + jump + done);
  const onProgress = () => {
    throw new Error('mine');
  };
  await expect(job.samples({ onProgress })).rejects.toThrow('mine');
  expect(asked).toEqual(['0']);
});

test('a line that is lost is made anew after the last jump', async () => {
  const { asked, job } = serverOf(new TypeError('fetch failed'), progress + jump, done);
  expect(await job.samples()).toEqual(Float32Array.of(1, 2));
  expect(asked).toEqual(['0', '0', '1']);
});

test('who leaves the loop ends the connection', async () => {
  let cancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(jump)),
    cancel: () => {
      cancelled = true;
    },
  });
  const job = holdJob(described, async () => new Response(body));
  for await (const _ of job.jumps()) break;
  expect(cancelled).toBe(true);
});
