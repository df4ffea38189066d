import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { encodeNpy } from '../data/index.ts';
import { fillBits, fillUniform, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import { forgetStop, interruptible, stoppedExitCode } from './interrupt.ts';
import {
  interrupted,
  mdensityJson,
  startMdensity,
  withoutProgress,
  workFolder,
} from './testing.ts';

const work = workFolder();

interface Case {
  readonly name: string;
  readonly steps: number;
  readonly settings: readonly string[];
  /** What is in its folder of checkpoints beside the last ones, and of the run. */
  readonly best: readonly string[];
  readonly sampledAt: readonly number[];
  /** Lines of the metrics. */
  readonly lines: number;
}

const digits: Case = {
  name: 'digits8',
  steps: 80,
  settings: [
    ...['--net', 'digits8', '--data', 'digits8', '--limit', '200', '--batch', '16'],
    ...['--save-every', '7', '--log-every', '10', '--validation', '40', '--validate-every', '5'],
    ...['--sample-every', '40', '--stop-metric', 'validationLoss'],
  ],
  best: ['checkpoints/best.safetensors', 'best.onnx'],
  sampledAt: [40, 80],
  lines: 80 / 10 + 80 / 5,
};

const images = join(work, 'images.npy');

/** Attention, dropout, micro-batches and, by the size of its state, several steps in a call. */
const unet: Case = {
  name: 'unet',
  steps: 16,
  settings: [
    ...['--net', 'unet-s', '--dropout', '0.2', '--data', images, '--batch', '2'],
    ...['--micro-batches', '2', '--flip', '--save-every', '7', '--log-every', '4'],
  ],
  best: [],
  sampledAt: [],
  lines: 4,
};

const numbered = (step: number) => `step-${String(step).padStart(8, '0')}`;
const resumeArgs = (out: string) => ['train', '--out', out, '--resume'];

/**
 * Digests of what a finished run leaves, and its metrics without the rates, which are the
 * machine's.
 */
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
  await mdensityJson(...startArgs(given, out));
  return finished(out, given);
}

describe('a run that is stopped', () => {
  test.each([digits, unet])('$name: by Ctrl-C, ends in the same bits', async (given) => {
    const { name, steps } = given;
    const expected = await startWhole(given);
    expect(expected.metrics).toHaveLength(given.lines);
    const out = join(work, `${name}-stopped`);
    const first = join(out, 'checkpoints', `${numbered(7)}.safetensors`);
    const { code, stdout, stderr } = await interrupted(startArgs(given, out), () =>
      existsSync(first),
    );
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    const lines = withoutProgress(stderr);
    const said = new RegExp(
      `^mdensity: stopped after step (\\d+) of ${steps}, saved; go on with: mdensity (.*)$`,
    ).exec(lines[0]!);
    expect(lines).toHaveLength(1);
    expect(said?.[2]?.split(' ')).toEqual(resumeArgs(out));
    const saved = `${numbered(Number(said![1]))}.safetensors`;
    expect(await readdir(join(out, 'checkpoints'))).toContain(saved);
    expect(await mdensityJson(...resumeArgs(out))).toMatchObject({ step: steps, finished: true });
    expect(await finished(out, given)).toEqual(expected);
  });

  test('by a kill at random moments, ends in the same bits', async () => {
    const out = join(work, 'killed');
    const seed = Date.now() % 1_000_000;
    const draws = new Uint32Array(2);
    fillBits(randomKey(seed), 0, draws);
    // Counted from its first step.
    const moments = [...draws].map((bits) => Math.floor((bits / 2 ** 32) * 300));
    const where = `seed ${seed}: killed after ms ${moments.join(', ')}`;
    for (const moment of moments) {
      const isRun = existsSync(join(out, 'run.json'));
      const args = isRun ? resumeArgs(out) : startArgs(digits, out);
      const { code, signal, stderr } = await startMdensity(args, (child) =>
        setTimeout(() => child.kill('SIGKILL'), moment),
      ).done;
      if (signal !== 'SIGKILL') expect(code, `${where}\n${stderr}`).toBe(0);
    }
    await mdensityJson(...resumeArgs(out));
    const whole = join(work, 'digits8-whole');
    expect(await finished(out, digits), where).toEqual(await finished(whole, digits));
  });

  test('by SIGTERM twice to its process, ends once after its step with what it saved', async () => {
    const out = join(work, 'terminated');
    const { code, signal, stdout, stderr } = await startMdensity(
      startArgs(digits, out),
      (child) => {
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGTERM'), 50);
      },
    ).done;
    // The second may come when the process has given up its handlers: to a shell it is the same.
    expect({ code: code ?? signal, stdout }).toEqual({ code: code ? 143 : 'SIGTERM', stdout: '' });
    expect(withoutProgress(stderr)).toEqual([expect.stringContaining('stopped after step ')]);
    expect(await readdir(join(out, 'checkpoints'))).not.toEqual([]);
    expect(await readdir(out)).not.toContain('run.lock');
  });
});

describe('signals', () => {
  const never = () => new Promise<never>(() => {});
  const stoppedWith = (signal: AbortSignal) =>
    new Promise<unknown>((done) => {
      signal.addEventListener('abort', () => done(signal.reason));
    });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s aborts once, and says which it was: exit code %i', async (name, code) => {
    forgetStop();
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockImplementation(never as never);
    try {
      const reason = interruptible(async (signal) => {
        const stopped = stoppedWith(signal);
        process.emit(name, name);
        for (const again of ['SIGTERM', 'SIGHUP', 'SIGTERM'] as const) process.emit(again, again);
        return stopped;
      });
      expect(await reason).toEqual(anError('stopped', { signal: name }));
      // The process is saying its last words.
      expect(process.emit('SIGTERM', 'SIGTERM')).toBe(true);
      expect({ exits: exit.mock.calls, said: said.mock.calls }).toEqual({ exits: [], said: [] });
      expect(stoppedExitCode()).toBe(code);
    } finally {
      exit.mockRestore();
      said.mockRestore();
    }
  });

  test('only a second Ctrl-C some seconds later ends the process now', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never);
    try {
      await interruptible(async () => {
        process.emit('SIGINT', 'SIGINT');
        vi.advanceTimersByTime(2900);
        process.emit('SIGINT', 'SIGINT');
        expect(said).toHaveBeenCalledTimes(1);
        vi.advanceTimersByTime(200);
        process.emit('SIGTERM', 'SIGTERM');
        expect(exit).not.toHaveBeenCalled();
        process.emit('SIGINT', 'SIGINT');
      });
      expect(exit.mock.calls).toEqual([[130]]);
    } finally {
      vi.useRealTimers();
      exit.mockRestore();
      said.mockRestore();
    }
  });
});
