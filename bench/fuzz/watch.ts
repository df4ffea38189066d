/**
 * Runs inputs in a process of their own, and ends it where one takes too long, too much memory, or
 * crashes.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Counts, Failure } from './run.ts';

/** Seconds that one input may take, and milliseconds between looks. */
const [PATIENCE, LOOK] = [2, 250] as const;

export interface WatchOptions {
  readonly reader: string;
  readonly seed: number;
  readonly inputs: number;
  readonly onFailure: (failure: Failure) => void;
}

export interface WatchReport extends Counts {
  readonly inputs: number;
  readonly failures: number;
  /** Longest time of one input that was seen, in seconds, to a quarter. */
  readonly slowest: number;
  /** Largest resident memory of the process, in MiB. */
  readonly memory: number;
}

interface Message {
  readonly index?: number;
  readonly kind?: 'error' | 'memory';
  readonly detail?: string;
  readonly counts?: Counts;
  readonly rss?: number;
}

/**
 * Reads all inputs, in as many processes as it takes: after a failure that ends one, the next goes
 * on.
 */
export async function watch(options: WatchOptions): Promise<WatchReport> {
  const { reader, seed, inputs, onFailure } = options;
  const folder = mkdtempSync(join(tmpdir(), 'mdensity-fuzz-'));
  const total = { read: 0, refused: 0, failures: 0, slowest: 0, memory: 0 };
  try {
    for (let first = 0; first < inputs; ) {
      const progress = join(folder, `${first}`);
      const args = [reader, `${seed}`, `${first}`, `${inputs}`, progress];
      const suspects: Failure[] = [];
      const end = await runChild(args, progress, (message) => {
        if (message.counts) {
          total.read += message.counts.read;
          total.refused += message.counts.refused;
        }
        total.memory = Math.max(total.memory, (message.rss ?? 0) / 1024);
        if (message.index === undefined) return;
        const { index, kind = 'error', detail = '' } = message;
        suspects.push({ reader, seed, index, kind, detail });
      });
      for (const failure of suspects) {
        // Memory may be what many inputs left: the input alone says.
        if (failure.kind === 'memory' && !(await swells(failure, folder))) continue;
        total.failures++;
        onFailure(failure);
      }
      total.slowest = Math.max(total.slowest, end.slowest);
      if (end.index < 0) break;
      if (end.problem) {
        total.failures++;
        onFailure({ reader, seed, index: end.index, ...end.problem });
      }
      first = end.index + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { inputs, ...total };
}

/** Whether an input by itself takes too much memory. */
async function swells({ reader, seed, index }: Failure, folder: string): Promise<boolean> {
  let found = false;
  const progress = join(folder, `alone-${index}`);
  await runChild([reader, `${seed}`, `${index}`, `${index + 1}`, progress], progress, (message) => {
    if (message.kind === 'memory') found = true;
  });
  return found;
}

interface End {
  /** The last input that was begun; −1 where all are done. */
  readonly index: number;
  readonly problem?: Pick<Failure, 'kind' | 'detail'>;
  readonly slowest: number;
}

function runChild(
  args: readonly string[],
  progress: string,
  onMessage: (message: Message) => void,
): Promise<End> {
  const child = fork(new URL('child.ts', import.meta.url), args, {
    execArgv: ['--import', 'tsx', '--max-old-space-size=1024'],
    silent: true,
  });
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-2000);
  });
  child.stdout?.resume();
  let [isDone, memoryAt, slowest] = [false, -1, 0];
  child.on('message', (message: Message) => {
    if (message.counts) isDone = true;
    if (message.kind === 'memory') memoryAt = message.index!;
    onMessage(message);
  });
  return new Promise((resolve) => {
    let hung: number | undefined;
    const stop = lookAt(child, progress, (index, seconds) => {
      slowest = Math.max(slowest, seconds);
      if (seconds <= PATIENCE) return;
      hung = index;
      child.kill('SIGKILL');
    });
    child.on('exit', (code, signal) => {
      stop();
      const index = indexIn(progress);
      if (hung !== undefined) {
        resolve({ index: hung, problem: { kind: 'time', detail: `over ${PATIENCE} s` }, slowest });
      } else if (memoryAt >= 0) resolve({ index: memoryAt, slowest });
      else if (isDone) resolve({ index: -1, slowest });
      else {
        const detail = `ended with ${signal ?? code}: ${errors.trim()}`;
        resolve({ index: Math.max(0, index), problem: { kind: 'crash', detail }, slowest });
      }
    });
  });
}

function indexIn(progress: string): number {
  try {
    const bytes = readFileSync(progress);
    return bytes.length === 8 ? bytes.readDoubleLE() : -1;
  } catch {
    return -1;
  }
}

/** Tells now and then how many seconds of the processor the input at hand has taken. */
function lookAt(
  child: ChildProcess,
  progress: string,
  onLook: (index: number, seconds: number) => void,
): () => void {
  let last = { index: -1, seconds: 0 };
  const timer = setInterval(() => {
    const index = indexIn(progress);
    const seconds = processorSeconds(child.pid!);
    if (index !== last.index) last = { index, seconds };
    else if (index >= 0) onLook(index, seconds - last.seconds);
  }, LOOK);
  return () => clearInterval(timer);
}

/**
 * Seconds of the processor: on a busy machine, waiting is not the reader's fault. Elsewhere than
 * Linux, of the clock.
 */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}
