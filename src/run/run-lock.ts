import { rmSync } from 'node:fs';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
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

/** Locks that this process holds or is about to take, by path. */
const held = new Set<string>();

/** Those of them that are its own by now: it gives them back also where it is ended at once. */
const taken = new Set<string>();

process.on('exit', () => {
  for (const path of taken) rmSync(path, { force: true });
});

/**
 * Milliseconds after which its owner renews a lock, by the time of its file, and after which one of
 * another machine that was not renewed is free.
 */
const [RENEW_EVERY, FREE_AFTER] = [30_000, 300_000] as const;

/** How often, and how far apart in milliseconds, a lock is looked at that is being written. */
const [TRIES, PAUSE] = [20, 50] as const;

const pause = () => new Promise<void>((done) => setTimeout(done, PAUSE));

/** What gives a lock back. */
export type Unlock = () => Promise<void>;

/**
 * Makes this process the only one that trains the run.
 * @throws UserError (`busy`) naming the process that has it.
 */
export async function lockRun(directory: string): Promise<Unlock> {
  const path = resolve(directory, 'run.lock');
  return lock(path, (owner) => inUse(directory, owner, path));
}

/**
 * Takes a lock file.
 * @throws UserError (`busy`) naming the process that has it, and what to do where it died.
 */
export async function takeLock(path: string): Promise<Unlock> {
  return lock(resolve(path), ({ pid, host }) => {
    const whose = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
    const fix = `if it no longer runs, remove ${path}, or wait ${FREE_AFTER / 60_000} minutes from its last sign of life`;
    return new UserError(`waiting for ${whose}; ${fix}`, {
      code: 'busy',
      facts: { path, pid, host },
    });
  });
}

/** Tells whether a process that lives is training the run. */
export async function isTraining(directory: string): Promise<boolean> {
  const path = resolve(directory, 'run.lock');
  if (held.has(path)) return true;
  const owner = parseOwner(await readFile(path, 'utf8').catch(() => ''));
  return owner !== undefined && (await isAlive(owner, path));
}

/** The error of a lock that another has. */
type Refuse = (owner: Owner) => UserError;

/**
 * Takes a lock file. A lock whose process has died, by whatever death, is taken over; numbers of
 * processes that were given out again are told apart by the time their process began (on Linux;
 * elsewhere by the number alone). One of another machine is taken over that was not renewed for
 * five minutes.
 */
async function lock(path: string, refuse: Refuse): Promise<Unlock> {
  const owner: Owner = { host: hostname(), pid: process.pid, born: await birthOf(process.pid) };
  if (held.has(path)) throw refuse(owner);
  held.add(path);
  try {
    await take(path, owner, refuse);
    taken.add(path);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  const text = JSON.stringify(owner);
  const isOwn = async () => (await readFile(path, 'utf8').catch(() => '')) === text;
  const renew = async () => {
    const now = new Date();
    if (await isOwn()) await utimes(path, now, now);
  };
  const renewing = setInterval(() => void renew().catch(() => {}), RENEW_EVERY);
  renewing.unref();
  return async () => {
    clearInterval(renewing);
    // It may be another's, if this process stood still for long.
    if (await isOwn()) await rm(path, { force: true });
    taken.delete(path);
    held.delete(path);
  };
}

async function take(path: string, owner: Owner, refuse: Refuse): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await create(path, JSON.stringify(owner))) return;
    const text = await readFile(path, 'utf8').catch(() => '');
    const other = parseOwner(text);
    if (other && (await isAlive(other, path))) throw refuse(other);
    // A lock without an owner is being written, unless it stays so.
    if (other || tries >= TRIES / 2) await remove(path, text);
    else await pause();
  }
  throw new UserError(`${path}: cannot be taken; remove the file and start the same again`, {
    code: 'busy',
    facts: { path },
  });
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

async function isAlive({ host, pid, born }: Owner, path: string): Promise<boolean> {
  if (host !== hostname()) return isRenewed(path);
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

/** Whether its owner has renewed a lock of late: another machine's processes cannot be asked. */
async function isRenewed(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs < FREE_AFTER;
}

/** The start of a process in clock ticks since the machine's: field 22 of proc_pid_stat(5). */
async function birthOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, which may itself hold anything.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/**
 * Removes a lock that holds this text. One process at a time: else it might be a new one by now.
 */
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
    { code: 'busy', facts: { path: directory, pid, host } },
  );
}
