import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, vi } from 'vitest';
import { TOLD } from './interrupt.ts';
import { runCommandLine } from './program.ts';

/** A folder for what commands write, removed after the test file. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mdensity-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process, as its own process would, and gives what it said. */
export async function mdensity(...args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    }),
  );
  try {
    const code = await runCommandLine(args);
    return { code, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/**
 * Runs a command in this process; as soon as `when` holds it is interrupted as by Ctrl-C. Between two
 * pieces of its work nothing listens, and the system's answer to Ctrl-C would end the tests: the
 * next piece is interrupted then.
 */
export async function interrupted(
  args: readonly string[],
  when: () => boolean | Promise<boolean>,
): Promise<Outcome> {
  const others = process.listenerCount('SIGINT');
  const listens = () => process.listenerCount('SIGINT') > others;
  let over = false;
  const running = mdensity(...args).finally(() => {
    over = true;
  });
  while (!over && !((await when()) && listens())) await sleep(2);
  if (!over) process.emit('SIGINT', 'SIGINT');
  return running;
}

/** Runs a command that must succeed, and gives the one JSON object of its stdout. */
export async function mdensityJson<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await mdensity(...args, '--json');
  expect({ code, stderr: withoutProgress(stderr).join('\n') }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd()).not.toContain('\n');
  return JSON.parse(stdout) as T;
}

/**
 * Lines of stderr but for those that come with time: progress bars, why a stop takes long, and what
 * an experiment will cost.
 */
export function withoutProgress(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter(
      (line) =>
        line.trim() !== '' &&
        !/[━─]|^note: .* score calls: about /.test(line) &&
        line !== TOLD.trimEnd(),
    );
}

/**
 * What a command says that must fail for a reason its user can mend: one line, and nothing on
 * stdout.
 */
export async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await mdensity(...args);
  const lines = withoutProgress(stderr);
  expect({ stdout, lines: lines.length }, stderr).toEqual({ stdout: '', lines: 1 });
  expect(code).toBeGreaterThan(0);
  expect(lines[0]).toMatch(/^mdensity: /);
  expect(lines[0]).not.toMatch(/unexpected error|\bat .*\.(ts|mjs|js):\d/);
  return lines[0]!.replace('mdensity: ', '');
}

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a command in a process of its own; `during` gets it when its progress first shows. */
export function startMdensity(
  args: readonly string[],
  during: (child: ChildProcess) => void = () => {},
): { readonly child: ChildProcess; readonly done: Promise<Outcome> } {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { cwd: root });
  const said = { stdout: '', stderr: '' };
  let shown = false;
  child.stdout.on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.on('data', (text) => {
    said.stderr += text;
    if (shown || !/[━─]/.test(said.stderr)) return;
    shown = true;
    during(child);
  });
  const done = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return { child, done };
}

/** Processes that a process started. */
export const childrenOf = (parent: number | undefined) =>
  execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid]) => pid!);
const lives = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Waits until something holds, however long that takes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
/** Waits until processes have ended. */
export const gone = (pids: readonly number[]) => until(() => !pids.some(lives));
