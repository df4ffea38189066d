import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeNpy } from '../data/index.ts';
import { fillBits, fillUniform, randomKey } from '../random.ts';
import { startMdensity, withoutProgress, workFolder } from './testing.ts';

const work = workFolder();

interface Case {
  readonly name: string;
  readonly steps: number;
  /** How often it is killed. */
  readonly kills: number;
  readonly settings: readonly string[];
  /** What is in its folder of checkpoints beside the last ones, and of the run. */
  readonly best: readonly string[];
  readonly sampledAt: readonly number[];
  /** Lines of the metrics. */
  readonly lines: number;
}

const digits: Case = {
  name: 'digits8',
  steps: 160,
  kills: 5,
  settings: [
    ...['--net', 'digits8', '--data', 'digits8', '--limit', '200', '--batch', '16'],
    ...['--save-every', '7', '--log-every', '10', '--validation', '40', '--validate-every', '5'],
    ...['--sample-every', '80', '--stop-metric', 'validationLoss'],
  ],
  best: ['checkpoints/best.safetensors', 'best.onnx'],
  sampledAt: [80, 160],
  lines: 160 / 10 + 160 / 5,
};

const images = join(work, 'images.npy');

/** Attention, dropout, micro-batches and, by the size of its state, several steps in a call. */
const unet: Case = {
  name: 'unet',
  steps: 24,
  kills: 3,
  settings: [
    ...['--net', 'unet-s', '--dropout', '0.2', '--data', images, '--batch', '2'],
    ...['--micro-batches', '2', '--flip', '--save-every', '7', '--log-every', '8'],
  ],
  best: [],
  sampledAt: [],
  lines: 3,
};

const numbered = (step: number) => `step-${String(step).padStart(8, '0')}`;
const resumeArgs = (out: string) => ['train', '--out', out, '--resume'];

/** Digests of what a finished run leaves, and its metrics without the rates, which are the machine's. */
async function finished(out: string, { steps, best, sampledAt }: Case) {
  const checkpoints = (await readdir(join(out, 'checkpoints'))).sort();
  const digest = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(out, name)))
      .digest('hex');
  const metrics = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  return {
    checkpoints,
    last: await digest(`checkpoints/${numbered(steps)}.safetensors`),
    model: await digest('model.onnx'),
    best: await Promise.all(best.map(digest)),
    samples: await Promise.all(sampledAt.map((step) => digest(`samples/${numbered(step)}.png`))),
    others: (await readdir(out)).filter((name) => !name.includes('tfevents')).sort(),
    metrics: metrics.map((line) => line.replace(/"imagesPerSecond":[^,}]*/, '')),
  };
}

const startArgs = ({ steps, settings }: Case, out: string) => [
  'train',
  ...settings,
  ...['--steps', `${steps}`, '--out', out],
];

/** A run that nothing stopped. */
async function startWhole(given: Case) {
  if (given === unet) {
    const pixels = new Float32Array(12 * 784);
    fillUniform(randomKey(7), 0, pixels);
    await writeFile(images, encodeNpy(pixels, [12, 1, 28, 28]));
  }
  const out = join(work, `${given.name}-whole`);
  const { code, stderr } = await startMdensity(startArgs(given, out)).done;
  expect(code, stderr).toBe(0);
  return finished(out, given);
}

describe.concurrent.each([digits, unet])('a run of $name', (given) => {
  const { name, steps } = given;
  const whole = startWhole(given);

  test('killed at random moments and resumed, ends in the same bits', async () => {
    await whole;
    const out = join(work, `${name}-killed`);
    const seed = Date.now() % 1_000_000;
    const draws = new Uint32Array(given.kills);
    fillBits(randomKey(seed), 0, draws);
    // The first moment counts from the start of the process, the others from its first step.
    const moments = [...draws].map((bits, i) =>
      Math.floor((bits / 2 ** 32) * (i === 0 ? 1500 : 300)),
    );
    let kills = 0;
    const where = () => `seed ${seed}: killed ${kills} times, after ms ${moments.join(', ')}`;
    for (const [i, moment] of [...moments, undefined].entries()) {
      const isRun = existsSync(join(out, 'run.json'));
      const args = isRun ? resumeArgs(out) : startArgs(given, out);
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
    expect(await finished(out, given), where()).toEqual(await whole);
  });

  test('Ctrl-C ends after its step, saved; resumed, it ends in the same bits', async () => {
    const out = join(work, `${name}-stopped`);
    const expected = await whole;
    expect(expected.metrics).toHaveLength(given.lines);
    const { code, stdout, stderr } = await startMdensity(startArgs(given, out), (child) =>
      child.kill('SIGINT'),
    ).done;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    const lines = withoutProgress(stderr);
    const said = new RegExp(
      `^mdensity: stopped after step (\\d+) of ${steps}, saved; go on with: mdensity (.*)$`,
    ).exec(lines[0]!);
    expect(lines).toHaveLength(1);
    expect(said?.[2]?.split(' ')).toEqual(resumeArgs(out));
    const saved = `${numbered(Number(said![1]))}.safetensors`;
    expect(await readdir(join(out, 'checkpoints'))).toContain(saved);
    const resumed = await startMdensity([...resumeArgs(out), '--json']).done;
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ step: steps, finished: true });
    expect(await finished(out, given)).toEqual(expected);
  });
});
