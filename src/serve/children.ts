/** Processes that walk: started, given work, started again where they die. */
import { type ChildProcess, fork } from 'node:child_process';
import { childScript } from '../child-script.ts';
import type { FromChild, WalkTask } from './child/protocol.ts';
import type { OnRuns, TaskEvents, Walkers } from './walkers.ts';

export interface ChildrenOptions {
  readonly workers: number;
  /** Most rows of one run of a network; default: as many as gain something. */
  readonly rows?: number | undefined;
  readonly onRuns?: OnRuns | undefined;
  /** Told of a process that died. */
  readonly onDeath?: ((cause: string) => void) | undefined;
}

/** Chains that a process walks at a time: more wait. */
export const CHAINS = 64;

/** Deaths in a row, with nothing done in between, after which a start is not tried at once. */
const HOPELESS = 3;
const PAUSE = 5_000;

interface Entry {
  readonly id: number;
  readonly task: WalkTask;
  readonly events: TaskEvents;
  tries: number;
  /** Taken back while it was walked. */
  isStopped: boolean;
}

interface Child {
  readonly process: ChildProcess;
  readonly entries: Map<number, Entry>;
  isReady: boolean;
}

/** Starts processes; each takes tasks of up to `CHAINS` chains in all, which share its runs. */
export function startChildren({ workers, rows, onRuns, onDeath }: ChildrenOptions): Walkers {
  const waiting: Entry[] = [];
  const children = new Set<Child>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;
  let deaths = 0;
  let last = 0;

  function start(): void {
    if (stopping) return;
    const { path, execArgv } = childScript('serve', 'child', 'main');
    const options = { execArgv: [...execArgv], serialization: 'advanced' as const };
    const child: Child = {
      process: fork(path, rows === undefined ? [] : [String(rows)], options),
      entries: new Map(),
      isReady: false,
    };
    children.add(child);
    child.process.on('message', (message: FromChild) => hear(child, message));
    // What fails ends the process, or keeps it from starting.
    child.process.on('error', () => {});
    child.process.once('close', (code, signal) => bury(child, String(signal ?? code)));
  }

  function hear(child: Child, message: FromChild): void {
    if (message.type === 'ready') child.isReady = true;
    else if (message.type === 'runs') onRuns?.(message.path, message);
    else hearOf(child, message);
    if (message.type !== 'runs' && message.type !== 'progress') dispatch();
  }

  function hearOf(child: Child, message: Exclude<FromChild, { type: 'ready' | 'runs' }>): void {
    const entry = child.entries.get(message.id);
    if (!entry) return;
    const { events } = entry;
    if (message.type === 'progress') events.progress(message.step);
    else if (message.type === 'jump') events.jump(message.index, message.step, message.xhat);
    else {
      deaths = 0;
      child.entries.delete(message.id);
      if (message.type === 'done') events.done();
      else events.failed(message.error);
    }
  }

  /** A process that died: its tasks go first, each once more, but those taken back. */
  function bury(child: Child, cause: string): void {
    if (!children.delete(child) || stopping) return;
    deaths += 1;
    onDeath?.(cause);
    const entries = [...child.entries.values()].filter(({ isStopped }) => !isStopped);
    for (const entry of entries) entry.tries += 1;
    waiting.unshift(...entries.filter(({ tries }) => tries < 2));
    for (const { tries, events } of entries) if (tries >= 2) events.died();
    later(start, deaths >= HOPELESS ? PAUSE : 0);
    dispatch();
  }

  function later(action: () => void, milliseconds: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, milliseconds);
    timers.add(timer);
  }

  function dispatch(): void {
    for (;;) {
      const [entry] = waiting;
      if (!entry) return;
      const child = leastBusy([...children].filter(({ isReady }) => isReady));
      if (!child) return;
      const busy = chainsOf(child);
      if (busy > 0 && busy + entry.task.chains > CHAINS) return;
      waiting.shift();
      child.entries.set(entry.id, entry);
      entry.events.started();
      child.process.send({ type: 'walk', id: entry.id, task: entry.task }, () => {});
    }
  }

  function submit(task: WalkTask, events: TaskEvents): () => void {
    last += 1;
    const entry: Entry = { id: last, task, events, tries: 0, isStopped: false };
    waiting.push(entry);
    dispatch();
    return () => {
      entry.isStopped = true;
      const place = waiting.indexOf(entry);
      if (place >= 0) waiting.splice(place, 1);
      for (const child of children) {
        if (child.entries.has(entry.id))
          child.process.send({ type: 'stop', id: entry.id }, () => {});
      }
    };
  }

  async function stop(): Promise<void> {
    stopping = true;
    for (const timer of timers) clearTimeout(timer);
    const ended = [...children].map(
      ({ process }) =>
        new Promise<void>((resolve) => {
          if (process.exitCode !== null || process.signalCode !== null) return resolve();
          process.once('close', () => resolve());
          process.kill('SIGKILL');
        }),
    );
    await Promise.all(ended);
  }

  for (let i = 0; i < workers; i++) start();
  const ready = () => [...children].filter(({ isReady }) => isReady).length;
  return {
    chains: CHAINS,
    submit,
    stop,
    ready,
    problem: () => (ready() > 0 ? undefined : 'no process that walks has started yet'),
  };
}

const chainsOf = ({ entries }: Child) =>
  [...entries.values()].reduce((sum, { task }) => sum + task.chains, 0);

function leastBusy(children: readonly Child[]): Child | undefined {
  return children.toSorted((a, b) => chainsOf(a) - chainsOf(b))[0];
}
