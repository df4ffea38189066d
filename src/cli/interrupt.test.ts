import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillBits, randomKey } from '../random.ts';
import { startMdensity, withoutProgress, workFolder } from './testing.ts';

const STEPS = 160;
const work = workFolder();

const settings = [
  ...['--net', 'digits8', '--data', 'digits8', '--limit', '200', '--batch', '16'],
  ...['--steps', `${STEPS}`, '--save-every', '7', '--log-every', '10'],
  ...['--validation', '40', '--validate-every', '5', '--sample-every', '80'],
  ...['--stop-metric', 'validationLoss'],
];

const startArgs = (out: string) => ['train', ...settings, '--out', out];
const resumeArgs = (out: string) => ['train', '--out', out, '--resume'];

const samplesAt = (step: number) => `samples/step-${String(step).padStart(8, '0')}.png`;

/** Bytes of what a finished run leaves, and its metrics without the rates, which are the machine's. */
async function finished(out: string) {
  const checkpoints = (await readdir(join(out, 'checkpoints'))).sort();
  const bytes = (name: string) => readFile(join(out, name), 'base64');
  const metrics = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    checkpoints,
    last: await bytes(`checkpoints/step-${String(STEPS).padStart(8, '0')}.safetensors`),
    model: await bytes('model.onnx'),
    best: [await bytes('checkpoints/best.safetensors'), await bytes('best.onnx')],
    samples: await Promise.all([80, 160].map((step) => bytes(samplesAt(step)))),
    others: (await readdir(out)).filter((name) => !name.includes('tfevents')).sort(),
    metrics: metrics.map((line) => line.replace(/"imagesPerSecond":[^,}]*/, '')),
  };
}

/** A run that nothing stopped. */
const whole = (async () => {
  const out = join(work, 'whole');
  const { code, stderr } = await startMdensity(startArgs(out)).done;
  expect(code, stderr).toBe(0);
  return finished(out);
})();

test.concurrent('killed at random moments and resumed, a run ends in the same bits', async () => {
  const out = join(work, 'killed');
  const seed = Date.now() % 1_000_000;
  const draws = new Uint32Array(5);
  fillBits(randomKey(seed), 0, draws);
  // The first moment counts from the start of the process, the others from its first step.
  const moments = [...draws].map((bits, i) =>
    Math.floor((bits / 2 ** 32) * (i === 0 ? 1500 : 300)),
  );
  let kills = 0;
  const where = () => `seed ${seed}: killed ${kills} times, after ms ${moments.join(', ')}`;
  for (const [i, moment] of [...moments, undefined].entries()) {
    const args = existsSync(join(out, 'run.json')) ? resumeArgs(out) : startArgs(out);
    const killLater = () => {
      if (moment !== undefined) setTimeout(() => child.kill('SIGKILL'), moment);
    };
    const { child, done } = startMdensity(args, i === 0 ? undefined : killLater);
    if (i === 0) killLater();
    const { code, signal, stderr } = await done;
    if (signal === 'SIGKILL') kills += 1;
    else expect(code, `${where()}\n${stderr}`).toBe(0);
  }
  expect(kills, where()).toBeGreaterThan(0);
  expect(await finished(out), where()).toEqual(await whole);
});

test.concurrent('Ctrl-C ends a run after its step, saved; resumed, it ends in the same bits', async () => {
  const out = join(work, 'stopped');
  const expected = await whole;
  expect(expected.metrics).toHaveLength(STEPS / 10 + STEPS / 5);
  const { code, stdout, stderr } = await startMdensity(startArgs(out), (child) =>
    child.kill('SIGINT'),
  ).done;
  expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  const lines = withoutProgress(stderr);
  const said = new RegExp(
    `^mdensity: stopped after step (\\d+) of ${STEPS}, saved; go on with: mdensity (.*)$`,
  ).exec(lines[0]!);
  expect(lines).toHaveLength(1);
  expect(said?.[2]?.split(' ')).toEqual(resumeArgs(out));
  const saved = `step-${said![1]!.padStart(8, '0')}.safetensors`;
  expect(await readdir(join(out, 'checkpoints'))).toContain(saved);
  const resumed = await startMdensity([...resumeArgs(out), '--json']).done;
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(JSON.parse(resumed.stdout)).toMatchObject({ step: STEPS, finished: true });
  expect(await finished(out)).toEqual(expected);
});
