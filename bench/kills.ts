/**
 * `npm run kills`: SIGKILLs at random moments, and writes that fail, over training, evaluation,
 * experiments and export. Each time the same command goes on; what it ends with must be what an
 * uninterrupted one ended with, to the bit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillUniform, randomKey } from '../src/random.ts';

const usage = `usage: npm run kills -- [--kills 300] [--seed 1] [--seconds 3600] [--only NAME]...
  --seconds counts from when every uninterrupted command has ended.
  Ends with 1 where something was not recovered exactly.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '3600' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});
const [kills, seed, seconds] = [values.kills, values.seed, values.seconds].map(Number) as [
  number,
  number,
  number,
];
if (values.help || !(kills >= 1) || !(seed >= 0) || !(seconds > 0)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist', 'cli', 'main.mjs');
const failing = new URL('kills/failing-writes.mjs', import.meta.url).href;
const work = mkdtempSync(join(tmpdir(), 'mdensity-kills-'));
const run = (name: string) => join(work, 'models', name);

/** The i-th uniform number of a seed: a kill is found again by them. */
function uniformAt(i: number): number {
  const one = new Float64Array(1);
  fillUniform(randomKey(seed), i, one);
  return one[0]!;
}

/** What is killed. */
interface Case {
  /** The command, and the same once more where it was killed. */
  readonly args: (out: string) => readonly string[];
  /** Text of what a finished one leaves, without what is the machine's. */
  readonly left: (out: string) => string;
}

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** JSON lines without what a pattern finds, which is the machine's. */
const lines = (path: string, without: RegExp) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(without, ''));

const small = ['--limit', '120', '--data', 'digits8'];
const cases: Readonly<Record<string, Case>> = {
  training: {
    args: (out) => [
      ...['train', '--net', 'digits8', ...small, '--steps', '400', '--batch', '32', '--out', out],
      ...['--save-every', '23', '--validation', '20', '--validate-every', '50', '--resume=auto'],
    ],
    left: (out) =>
      [
        digest(join(out, 'model.onnx')),
        ...readdirSync(join(out, 'checkpoints'))
          .sort()
          .map((name) => digest(join(out, 'checkpoints', name))),
        ...lines(join(out, 'metrics.jsonl'), /"imagesPerSecond":[^,}]*/),
      ].join('\n'),
  },
  evaluation: {
    args: (out) => [
      ...['evaluate', '--model', run('digits'), ...small, '--features', 'pixels', '--out', out],
      ...['--chains', '20', '--draws', '60', '--metrics', 'fd,kid,chains'],
    ],
    left: (out) => {
      const { findings } = JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8'));
      return `${JSON.stringify(findings)} ${digest(join(out, 'samples.png'))}`;
    },
  },
  experiment: {
    args: (out) => [
      ...['experiment', 'paper-a', ...small, '--features', 'pixels', '--model', run('digits')],
      ...['--measurements', '1,4', '--frictions', '0.25,1', '--kernels', 'sachs', '--seeds', '2'],
      ...['--chains', '10', '--draws', '10', '--jump-every', '2', '--burn-in', '5'],
      ...['--long-draws', '12', '--workers', '1', '--out', out],
    ],
    left: (out) =>
      lines(join(out, 'cells.jsonl'), /"seconds":[^,}]*/)
        .sort()
        .join('\n'),
  },
  export: {
    args: (out) => ['export', '--model', run('digits'), '--out', join(out, 'exported.onnx')],
    left: (out) => digest(join(out, 'exported.onnx')),
  },
};

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly ms: number;
}

/** Runs a command to its end; `during` may end it before. `failAt`: the n-th write of it fails. */
function start(args: readonly string[], during?: (child: ChildProcess) => void, failAt?: number) {
  const preload = failAt === undefined ? [] : ['--import', failing];
  const env = {
    ...process.env,
    MDENSITY_DATA: join(work, 'cache'),
    FAIL_WRITE: String(failAt ?? 0),
  };
  const argv = [...preload, main, ...args];
  const began = performance.now();
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  during?.(child);
  return new Promise<End>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) =>
      done({ code, signal, stderr, ms: performance.now() - began }),
    );
  });
}

/** Runs a command that must end well. */
async function finish(args: readonly string[]): Promise<number> {
  const { code, stderr, ms } = await start(args);
  if (code !== 0) throw new Error(`mdensity ${args.join(' ')}: ended with ${code}: ${stderr}`);
  return ms;
}

interface Tally {
  killed: number;
  failedWrites: number;
  recovered: number;
  lost: number;
}

/** Kills one command some times at random moments, lets it end, and looks at what it left. */
async function attempt(
  name: string,
  whole: { text: string; ms: number },
  trial: number,
  tally: Tally,
) {
  const { args, left } = cases[name]!;
  const out = join(work, `${name}-${trial}`);
  const draw = (i: number) => uniformAt(16 * trial + i);
  const times = 1 + Math.floor(3 * draw(0));
  let interruptions = 0;
  for (let i = 1; i <= times; i++) {
    const moment = draw(2 * i) * whole.ms;
    const isWrite = draw(2 * i + 1) < 0.3;
    const ended = isWrite
      ? await start(args(out), undefined, 1 + Math.floor(draw(2 * i) * 40))
      : await start(args(out), (child) => {
          const timer = setTimeout(() => child.kill('SIGKILL'), moment);
          child.on('exit', () => clearTimeout(timer));
        });
    if (ended.signal === 'SIGKILL') tally.killed++;
    else if (ended.code !== 0) tally.failedWrites++;
    else continue;
    interruptions++;
  }
  let problem: string | undefined;
  try {
    await finish(args(out));
    if (left(out) !== whole.text) problem = 'ends in other bits';
  } catch (error) {
    problem = (error as Error).message;
  }
  if (problem === undefined) tally.recovered += interruptions;
  else tally.lost += interruptions;
  if (problem !== undefined) console.log(`${name}, trial ${trial}, seed ${seed}: ${problem}`);
  else if (existsSync(out)) rmSync(out, { recursive: true });
}

const names = Object.keys(cases).filter((name) => values.only?.includes(name) ?? true);
await finish([
  ...['train', '--net', 'digits8', ...small, '--steps', '30', '--batch', '16'],
  ...['--sigma', '0.5', '--out', run('digits')],
]);
const wholes = new Map<string, { text: string; ms: number }>();
for (const name of names) {
  const out = join(work, `${name}-whole`);
  const ms = await finish(cases[name]!.args(out));
  wholes.set(name, { text: cases[name]!.left(out), ms });
}
const tallies = new Map(
  names.map((name) => [name, { killed: 0, failedWrites: 0, recovered: 0, lost: 0 }] as const),
);
const first = performance.now();
const total = () =>
  [...tallies.values()].reduce((sum, one) => sum + one.killed + one.failedWrites, 0);
for (let trial = 0; total() < kills; trial++) {
  if ((performance.now() - first) / 1000 > seconds) break;
  const name = names[trial % names.length]!;
  await attempt(name, wholes.get(name)!, trial, tallies.get(name)!);
}
console.log('work         SIGKILLs  failed writes  recovered exactly  lost');
for (const [name, { killed, failedWrites, recovered, lost }] of tallies) {
  const cells = [String(killed).padStart(8), String(failedWrites).padStart(13)];
  console.log(
    [name.padEnd(12), ...cells, String(recovered).padStart(17), String(lost).padStart(4)].join(
      '  ',
    ),
  );
}
const lost = [...tallies.values()].reduce((sum, one) => sum + one.lost, 0);
if (lost === 0) rmSync(work, { recursive: true });
process.exitCode = lost === 0 ? 0 : 1;
