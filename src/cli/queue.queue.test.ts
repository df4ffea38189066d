/** Commands at a queue, with workers as processes of their own, which are killed. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Environment, startRedis, startS3, type TestServer } from '../queue/testing.ts';
import {
  childrenOf,
  gone,
  mdensity,
  mdensityJson,
  refusal,
  startMdensity,
  until,
  workFolder,
} from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
process.env.MDENSITY_DATA = at('cache');

let redis: TestServer;
let s3: TestServer;
let queue: string;
const remote = () => ['--queue', queue, '--store', at('store')];
type Started = ReturnType<typeof startMdensity>;
const workers: Started[] = [];
const startWorker = (...args: string[]) => {
  const started = startMdensity([
    ...['worker', '--queue', queue, '--store', at('store'), '--workers', '1', '--lock', '2'],
    ...['--folder', at(`worker-${workers.length}`), ...args],
  ]);
  workers.push(started);
  return started;
};

beforeAll(async () => {
  redis = await startRedis();
  s3 = await startS3();
  Object.assign(process.env, s3Environment(s3));
  queue = `redis://127.0.0.1:${redis.port}`;
});
afterAll(async () => {
  for (const { child } of workers) child.kill('SIGKILL');
  await Promise.all(workers.map(({ done }) => done));
});

const settings = [
  ...['experiment', 'paper-a', '--data', 'digits8', '--limit', '120', '--features', 'pixels'],
  ...['--net', 'digits8', '--train-steps', '12', '--measurements', '1,4', '--frictions', '0.25,1'],
  ...['--kernels', 'sachs,cheng', '--seeds', '2', '--chains', '10', '--draws', '10'],
  ...['--jump-every', '2', '--burn-in', '5', '--long-draws', '12'],
];
const linesOf = (folder: string) => {
  const path = join(folder, 'cells.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
};
const rowsOf = (folder: string) =>
  linesOf(folder)
    .map((line) => {
      const { seconds: _, ...row } = JSON.parse(line);
      return row;
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));

describe('an experiment at a queue', () => {
  test('is that of one process, to the bit, though workers and what computes for them are killed', async () => {
    const alone = at('alone');
    await mdensityJson(...settings, '--workers', '1', '--out', alone);
    const out = at('queued');
    const experiment = startMdensity([...settings, ...remote(), '--out', out]);
    const [first, second] = [startWorker(), startWorker()];
    // One loses what computes for it, the other dies and is followed by a third.
    await until(() => linesOf(out).length >= 1);
    for (const pid of childrenOf(first.child.pid)) process.kill(pid, 'SIGKILL');
    const children = childrenOf(second.child.pid);
    second.child.kill('SIGKILL');
    await second.done;
    workers.splice(workers.indexOf(second), 1);
    await gone(children);
    startWorker();
    const { code, stdout, stderr } = await experiment.done;
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^σ̃ = 0.25, M = 1: /);
    expect(rowsOf(out)).toEqual(rowsOf(alone));
    expect(new Set(rowsOf(out).map(({ id }) => id)).size).toBe(linesOf(out).length);
    const pictures = readdirSync(join(alone, 'pictures')).sort();
    expect(readdirSync(join(out, 'pictures')).sort()).toEqual(pictures);
    for (const name of ['model.onnx', 'run.json']) {
      expect(existsSync(join(out, 'models', '0.25', name))).toBe(true);
    }
    expect(existsSync(join(out, 'report.html'))).toBe(true);
  });

  test('is found again in the store by who asks for the same', async () => {
    for (const { child, done } of workers.splice(0)) {
      child.kill('SIGTERM');
      expect(await done).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^did \d+ pieces/),
      });
    }
    // No worker is left.
    await mdensityJson(...settings, ...remote(), '--out', at('again'));
    expect(rowsOf(at('again'))).toEqual(rowsOf(at('alone')));
  });
});

describe('other commands at a queue', () => {
  beforeAll(() => {
    startWorker();
  });

  test('a walk gives the same files and words', async () => {
    const walk = ['sample', '--model', at('alone', 'models', '0.25'), '--chains', '6', '--steps'];
    for (const name of ['walk.npy', 'walk.png']) {
      const here = await mdensity(...walk, '40', '--out', at(`here-${name}`));
      const there = await mdensity(...walk, '40', ...remote(), '--out', at(`there-${name}`));
      expect(there.stdout).toBe(here.stdout.replaceAll('here-', 'there-'));
      expect(there.code).toBe(0);
      const bytes = ['here', 'there'].map((place) => readFileSync(at(`${place}-${name}`)));
      expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
    }
  });

  test('a walk that is interrupted keeps the jumps that have come, and ends at its worker', async () => {
    const walk = ['sample', '--model', at('alone', 'models', '0.25'), '--chains', '6'];
    const often = ['--jump-every', '10'];
    const out = at('interrupted.npy');
    // It would take an hour.
    const long = [...walk, ...often, '--steps', '1000000', ...remote(), '--out', out];
    const { child, done } = startMdensity(long);
    let said = '';
    child.stderr!.on('data', (text) => {
      said += text;
    });
    await until(() => /\d jumps/.test(said));
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(code).toBe(130);
    const count = Number(/stopped after (\d+) jumps, which are saved; run/.exec(stderr)![1]);
    const short = ['--steps', String(10 * count), '--out', at('short.npy')];
    await mdensity(...walk, ...often, ...short);
    expect(readFileSync(out).equals(readFileSync(at('short.npy')))).toBe(true);
    // The worker is free for the next.
    await mdensityJson(...walk, '--steps', '40', ...remote(), '--out', at('next.npy'));
  });

  test('an evaluation finds the same', async () => {
    const evaluate = [
      ...['evaluate', '--model', at('alone', 'models', '0.25'), '--data', 'digits8', '--limit'],
      ...['120', '--features', 'pixels', '--chains', '10', '--draws', '10', '--burn-in', '5'],
    ];
    const found = async (name: string, ...more: string[]) => {
      const text = JSON.stringify(await mdensityJson(...evaluate, ...more, '--out', at(name)));
      const { seconds: _, ...result } = JSON.parse(text.replaceAll(at(name), 'there'));
      return result;
    };
    expect(await found('there', ...remote())).toEqual(await found('here'));
    expect(readdirSync(at('there')).sort()).toEqual(readdirSync(at('here')).sort());
  });

  test('what a worker refuses is said here, in one line', async () => {
    const walk = ['sample', '--model', at('alone', 'models', '0.25'), '--kernel', 'mala'];
    const here = await refusal(...walk, '--out', at('x.png'));
    expect(await refusal(...walk, ...remote(), '--out', at('x.png'))).toBe(here);
    expect(existsSync(at('x.png'))).toBe(false);
  });

  test('workers train together as on one machine, to the bit, also over a bucket', async () => {
    const train = [
      ...['train', '--net', 'mlp', '--data', 'digits8', '--limit', '200', '--sigma', '0.5'],
      ...['--steps', '8', '--batch', '16', '--workers', '2', '--inner-steps', '4'],
      ...['--optimizer', 'adamw', '--validation', '0'],
    ];
    expect((await mdensity(...train, '--out', at('local'))).code).toBe(0);
    const bucket = ['--queue', queue, '--store', 's3://bucket/train'];
    startWorker('--store', 's3://bucket/train');
    const { code, stderr } = await mdensity(...train, ...bucket, '--out', at('shared'));
    expect(code, stderr).toBe(0);
    const models = ['local', 'shared'].map((name) => readFileSync(at(name, 'model.onnx')));
    expect(models[0]!.equals(models[1]!)).toBe(true);
    const rounds = JSON.parse(readFileSync(at('shared', 'rounds.json'), 'utf8')).rounds;
    expect(rounds.map(({ came }: { came: number[] }) => came)).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });
});

test('a worker removes results that are older than it is told to keep them', async () => {
  const store = at('swept');
  const [old, young] = ['old', 'young'].map((name) => join(store, 'results', 'aa', name));
  mkdirSync(join(store, 'results', 'aa'), { recursive: true });
  for (const path of [old!, young!]) writeFileSync(path, '{}');
  const then = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(old!, then, then);
  const { child, done } = startWorker('--store', store, '--keep-results', '24');
  let said = '';
  child.stderr!.on('data', (text) => {
    said += text;
  });
  await until(() => said.includes('note: removed 1 results and 0 objects older than 24 hours'));
  expect([old, young].map((path) => existsSync(path!))).toEqual([false, true]);
  child.kill('SIGTERM');
  expect((await done).code).toBe(0);
  const often = ['--queue', queue, '--store', store, '--keep-results', '0.1'];
  expect(await refusal('worker', ...often)).toMatch(
    /^--keep-results: must be a whole number; it is 0.1/,
  );
});

describe('a queue is refused in one line', () => {
  test('without a store, and a store without a queue', async () => {
    const out = ['--out', at('refused')];
    expect(await refusal(...settings, '--queue', queue, ...out)).toMatch(
      /^--queue: goes with --store; give both, as /,
    );
    expect(await refusal(...settings, '--store', at('store'), ...out)).toMatch(
      /^--store: goes with --queue; give both, as /,
    );
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('that is away, by workers and by who sends work', async () => {
    const away = ['--queue', 'redis://:secret@127.0.0.1:9', '--store', at('store')];
    const said = /^--queue 127.0.0.1:9: does not answer \(ECONNREFUSED\); start Redis or Valkey/;
    expect(await refusal('worker', ...away)).toMatch(said);
    expect(await refusal(...settings, ...away, '--out', at('refused'))).toMatch(said);
  });
});
