/**
 * Measures work over a queue on this machine, with a Redis of its own and the built package.
 *
 *   npm run build && npx tsx bench/queue.ts kills --kills 1000
 *   npx tsx bench/queue.ts kills --kills 1000 --seconds 1200 --keep /tmp/kills   # again and again
 *   npx tsx bench/queue.ts scaling
 *   npx tsx bench/queue.ts overhead
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeNpy } from '../src/data/node/index.ts';
import { connectQueue, openSubmitter, serveJobs } from '../src/queue/index.ts';
import { launchRedis } from '../src/queue/testing-servers.ts';
import { fillUniform, randomKey } from '../src/random.ts';
import { encodeJson, openStore, putObject } from '../src/store/index.ts';
import { readTally, saveTally, type Tally } from './kills/tally.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '1500' },
    frictions: { type: 'string', default: '125' },
    workers: { type: 'string', default: '2' },
    restarts: { type: 'string', default: '3' },
    pause: { type: 'string', default: '2' },
    /** A folder to work in that stays: the next sitting goes on with what is there. */
    keep: { type: 'string' },
  },
});
const [what] = positionals;
const work = values.keep ?? mkdtempSync(join(tmpdir(), 'mdensity-bench-queue-'));
mkdirSync(work, { recursive: true });
process.env.MDENSITY_DATA = join(work, 'cache');
const main = ['dist', 'cli', 'main.mjs'].join('/');
const redis = await launchRedis();
const url = `redis://127.0.0.1:${redis.port}`;
const store = join(work, 'store');

/** 8 cells of the grid for each friction: two members, four seeds. Each takes a moment. */
const count = Number(values.frictions);
const data = join(work, 'images.npy');
const settings = (frictions = count) => [
  ...['experiment', 'paper-a', '--data', data, '--features', 'pixels'],
  ...['--model', join(work, 'model'), '--measurements', '1,4', '--kernels', 'sachs'],
  ...['--frictions', Array.from({ length: frictions }, (_, i) => (i + 1) / frictions).join()],
  ...['--seeds', '4', '--chains', '5', '--draws', '5', '--jump-every', '2', '--burn-in', '5'],
  ...['--long-draws', '10'],
];

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout!.resume();
  let said = '';
  child.stderr!.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  child.on('exit', (code, signal) => {
    if (code && !signal) console.error(`${args[0]} ended with ${code}: ${said}`);
  });
  return child;
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode);
    else child.on('exit', resolve);
  });

async function run(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const code = await ended(start(args));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return (performance.now() - began) / 1000;
}

const startWorker = (own: string) =>
  start([
    ...['worker', '--queue', url, '--store', own, '--workers', '1', '--lock', '2'],
    ...['--folder', join(work, `worker-${Math.random()}`)],
  ]);

/** Rows by cell, without what is the machine's. */
function rowsOf(folder: string): Map<string, string> {
  const lines = readFileSync(join(folder, 'cells.jsonl'), 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => {
    const { seconds: _, ...row } = JSON.parse(line);
    return [row.id as string, new TextDecoder().decode(encodeJson(row))] as const;
  });
  if (new Set(rows.map(([id]) => id)).size !== rows.length) throw new Error('a cell came twice');
  return new Map(rows);
}

const countRows = (folder: string) => {
  const path = join(folder, 'cells.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length : 0;
};

const childrenOf = (pid: number | undefined) =>
  execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child!);

async function trainModel(): Promise<void> {
  if (existsSync(join(work, 'model'))) return;
  const images = new Float32Array(60 * 16);
  fillUniform(randomKey(2), 0, images);
  await writeNpy(data, images, [60, 1, 4, 4]);
  await run([
    ...['train', '--net', 'mlp', '--data', data, '--sigma', '0.25'],
    ...['--steps', '12', '--batch', '32', '--threads', '1', '--out', join(work, 'model')],
  ]);
}

/**
 * Kills random workers, and what computes for them, all the time; Redis too, a few times. One
 * experiment follows another until there were as many kills as asked for; with `--keep` in as many
 * sittings as it takes.
 */
async function kills(): Promise<void> {
  await trainModel();
  const alone = join(work, 'alone');
  console.log(
    `alone: ${(await run([...settings(), '--workers', '1', '--out', alone])).toFixed()} s`,
  );
  const tally = readTally(work);
  tally.sittings++;
  const save = (what: string) => saveTally(work, tally, what);
  const most = Number(values.kills);
  const until = performance.now() + 1000 * Number(values.seconds);
  const whole = rowsOf(alone);
  while ((tally.isOpen || tally.kills < most) && performance.now() < until) {
    const out = join(work, `killed-${tally.rounds}`);
    if (!(await killedExperiment({ tally, out, until, save }))) break;
    const found = rowsOf(out);
    tally.cells += whole.size;
    tally.equal += [...whole].filter(([id, row]) => found.get(id) === row).length;
    tally.rounds++;
    tally.isOpen = false;
    save(`experiment ${tally.rounds} is whole`);
  }
  save(`sitting ${tally.sittings} ends`);
  if (tally.equal !== tally.cells) process.exitCode = 1;
}

/** Milliseconds between two lines of progress. */
const TELL_EVERY = 30_000;

interface Killed {
  readonly tally: Tally;
  readonly out: string;
  readonly until: number;
  readonly save: (what: string) => void;
}

/** Goes on with one experiment until it ends; false where the time is over before. */
async function killedExperiment({ tally, out, until, save }: Killed): Promise<boolean> {
  const own = join(work, `store-${tally.rounds}`);
  tally.isOpen = true;
  const experiment = start([...settings(), '--queue', url, '--store', own, '--out', out]);
  let over = false;
  const done = ended(experiment).then((code) => {
    over = true;
    return code;
  });
  const workers = Array.from({ length: Number(values.workers) }, () => startWorker(own));
  // Another for each sitting: moments of the last one do not come again.
  const random = randomOf(tally.sittings);
  const most = Number(values.kills);
  let [at, told] = [performance.now(), performance.now()];
  const tick = () => {
    const now = performance.now();
    tally.seconds += (now - at) / 1000;
    at = now;
    if (now - told < TELL_EVERY) return;
    told = now;
    save(`${countRows(out)} cells of experiment ${tally.rounds + 1}`);
  };
  while (!over && performance.now() < until) {
    // A kill for each cell that is finished, at some moment after it: faster, and none would be.
    const rows = countRows(out);
    while (!over && performance.now() < until && countRows(out) === rows) {
      await sleep(50);
      tick();
    }
    await sleep(1000 * Number(values.pause) * random());
    tick();
    if (over || tally.kills >= most) continue;
    const i = Math.floor(random() * workers.length);
    if (killOne(workers[i]!, random)) tally.kills++;
    if (isGone(workers[i]!)) workers[i] = startWorker(own);
    if (
      tally.restarts < Number(values.restarts) &&
      tally.kills > ((tally.restarts + 1) * most) / 10
    ) {
      tally.restarts++;
      await redis.kill();
      await sleep(1000);
      await redis.restart();
    }
  }
  for (const worker of workers) worker.kill('SIGKILL');
  if (!over) experiment.kill('SIGKILL');
  const code = await done;
  if (over && code !== null && code !== 0) throw new Error(`the experiment ended with ${code}`);
  return code === 0;
}

const isGone = ({ exitCode, signalCode, killed }: ChildProcess) =>
  exitCode !== null || signalCode !== null || killed;

/** Kills a worker, or what computes for it; tells whether there was one. */
function killOne(worker: ChildProcess, random: () => number): boolean {
  const [child] = childrenOf(worker.pid);
  if (child !== undefined && random() < 0.5) {
    try {
      return process.kill(child, 'SIGKILL');
    } catch {
      return false;
    }
  }
  return !isGone(worker) && worker.kill('SIGKILL');
}

/** The same experiment by one and by two workers, and by as many processes without a queue. */
async function scaling(): Promise<void> {
  await trainModel();
  for (const workers of [1, 2]) {
    const local = await run([
      ...[...settings(), '--workers', String(workers)],
      ...['--out', join(work, `local-${workers}`)],
    ]);
    const shared = join(work, `queue-${workers}`);
    const own = join(work, `store-${workers}`);
    const worker = start([
      ...['worker', '--queue', url, '--store', own, '--workers', String(workers)],
      ...['--folder', join(work, `own-${workers}`)],
    ]);
    await sleep(3000);
    const queued = await run([...settings(), '--queue', url, '--store', own, '--out', shared]);
    worker.kill('SIGTERM');
    await ended(worker);
    const cells = rowsOf(shared).size;
    console.log(
      `${workers}: ${cells} cells, without a queue ${local.toFixed(1)} s, with one ${queued.toFixed(1)} s: ${((1000 * (queued - local)) / cells).toFixed(1)} ms a cell more`,
    );
  }
}

/** Cells that take no time: what is left is the queue and the store. */
async function overhead(): Promise<void> {
  const [cells, connection, opened] = [2000, await connectQueue(url), await openStore(store)];
  const common = await putObject(opened, new TextEncoder().encode('{}'));
  const controller = new AbortController();
  const serving = serveJobs({
    ...{ connection, store: opened, concurrency: 2, signal: controller.signal },
    work: async ({ fields }) => ({ value: fields.n, files: [] }),
  });
  const submitter = await openSubmitter({ connection, store: opened });
  const began = [performance.now(), process.cpuUsage()] as const;
  const jobs = Array.from({ length: cells }, (_, n) => ({ kind: 'x', common, own: { n } }));
  await Promise.all(jobs.map((job) => submitter.run(job)));
  const { user, system } = process.cpuUsage(began[1]);
  const ms = (performance.now() - began[0]) / cells;
  console.log(
    `${cells} cells that take no time: ${ms.toFixed(2)} ms each, of which ${((user + system) / 1000 / cells).toFixed(2)} ms of processor in submitter and worker`,
  );
  controller.abort();
  await serving;
  await submitter.close();
  await connection.close();
}

function randomOf(seed: number): () => number {
  let count = 0;
  const value = new Float32Array(1);
  return () => {
    fillUniform(randomKey(seed), count++, value);
    return value[0]!;
  };
}

const parts: Readonly<Record<string, () => Promise<void>>> = { kills, scaling, overhead };
try {
  if (what === undefined || !parts[what]) throw new Error(`give one of ${Object.keys(parts)}`);
  if (what !== 'overhead' && !existsSync(main)) throw new Error('run npm run build first');
  await parts[what]();
} finally {
  await redis.stop();
  if (values.keep === undefined) rmSync(work, { recursive: true, force: true });
}
