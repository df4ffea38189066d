import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { systemCode, writeError } from '../files.ts';

/** The process that trains a run: the contents of `run.lock`. */
const ownerSchema = z.object({
  host: z.string(),
  pid: z.int(),
  /** When the process began, in the system's terms; empty where the system does not say. */
  born: z.string(),
});

type Owner = z.output<typeof ownerSchema>;

/** Locks that this process holds, by path. */
const held = new Set<string>();

/** How often, and how far apart in milliseconds, a lock is looked at that is being written. */
const [TRIES, PAUSE] = [20, 50] as const;

const pause = () => new Promise<void>((done) => setTimeout(done, PAUSE));

/**
 * Makes this process the only one that trains the run. A lock whose process has died, by whatever
 * death, is taken over; numbers of processes that were given out again are told apart by the time
 * their process began (on Linux; elsewhere by the number alone).
 * @returns what gives the lock back.
 * @throws UserError naming the process that has it.
 */
export async function lockRun(directory: string): Promise<() => Promise<void>> {
  const path = resolve(directory, 'run.lock');
  const owner: Owner = { host: hostname(), pid: process.pid, born: await birthOf(process.pid) };
  if (held.has(path)) throw inUse(directory, owner, path);
  held.add(path);
  try {
    await take(directory, path, owner);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  return async () => {
    await rm(path, { force: true });
    held.delete(path);
  };
}

async function take(directory: string, path: string, owner: Owner): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await create(path, JSON.stringify(owner))) return;
    const text = await readFile(path, 'utf8').catch(() => '');
    const other = parseOwner(text);
    if (other && (await isAlive(other))) throw inUse(directory, other, path);
    // A lock without an owner is being written, unless it stays so.
    if (other || tries >= TRIES / 2) await remove(path, text);
    else await pause();
  }
  throw new UserError(`${path}: cannot be taken; remove the file and run the same command again`);
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw writeError(error, path);
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isAlive({ host, pid, born }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  // What this process holds is in `held`: a lock with its number is of one before it.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  const now = await birthOf(pid);
  return born === now || born === '' || now === '';
}

/** The start of a process in clock ticks since the machine's: field 22 of proc_pid_stat(5). */
async function birthOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, which may itself hold anything.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Removes a lock that holds this text. One process at a time: else it might be a new one by now. */
async function remove(path: string, text: string): Promise<void> {
  const turn = `${path}.turn`;
  if (!(await create(turn, ''))) {
    const { mtimeMs } = await stat(turn).catch(() => ({ mtimeMs: Date.now() }));
    // A turn takes a moment: one that lasts is of a process that was killed in it.
    if (Date.now() - mtimeMs > 10_000) await rm(turn, { force: true });
    return pause();
  }
  try {
    const now = await readFile(path, 'utf8').catch(() => undefined);
    if (now === text) await rm(path, { force: true });
  } finally {
    await rm(turn, { force: true });
  }
}

function inUse(directory: string, { host, pid }: Owner, path: string): UserError {
  const elsewhere = host !== hostname();
  const fix = elsewhere
    ? `stop it there, or remove ${path} if it no longer runs`
    : 'stop it first, or wait for it';
  return new UserError(
    `${directory}: process ${pid}${elsewhere ? ` on ${host}` : ''} is training this run; ${fix}`,
  );
}
