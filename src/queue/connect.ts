/** A queue on Redis or Valkey. BullMQ and its client are loaded when a queue is first asked for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { systemCode } from '../files.ts';
import { oneLine } from '../quoted.ts';
import { packageVersion } from '../run/versions.ts';
import { identityOf, type Store } from '../store/index.ts';

/** A queue that can be reached and may be used. */
export interface QueueConnection {
  /** The package; see `bullmqOf`. */
  readonly bullmq: unknown;
  /** For BullMQ: it makes connections of its own, which are made again when they are lost. */
  readonly options: {
    readonly connection: { readonly url: string; readonly maxRetriesPerRequest: null };
    readonly prefix: string;
  };
  /** Host and port, without the password. */
  readonly where: string;
  /** Tells whoever does a job that nobody waits for it any more. */
  cancel(id: string): Promise<void>;
  /** Takes that word, if there is one. */
  takeCancelled(id: string): Promise<boolean>;
  /** Takes what one at a time may have, for so many seconds; tells whether it was free. */
  claim(name: string, seconds: number): Promise<boolean>;
  /** Tells whether the server answers now. */
  answers(): Promise<boolean>;
  /** Lets others take the queue for another version. */
  close(): Promise<void>;
}

/** Before all names of keys. */
const PREFIX = 'mdensity';

/** Names the queue of all work that goes through a store: workers with another take none of it. */
export const queueOf = async (store: Store) => `work-${(await identityOf(store)).slice(0, 8)}`;

/** Seconds that a queue is of one version after the last process of it was seen. */
const VERSION_KEPT = 60;

/** Seconds for which a job is known to be taken back, and milliseconds that an answer may take. */
const [CANCEL_KEPT, ANSWER_WITHIN] = [60, 2000] as const;

const cancelKey = (id: string) => `${PREFIX}:cancel:${id}`;

/**
 * Connects to a queue, `redis://host:port`, and looks whether it may be used.
 *
 * @throws UserError where the packages are missing, the server is away, refuses, would throw keys
 *   away when its memory is full, or has work of another version in it.
 */
export async function connectQueue(
  url: string,
  version: string = packageVersion(),
): Promise<QueueConnection> {
  const where = checkUrl(url);
  const { bullmq, Redis } = await load();
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
  });
  let last: unknown;
  redis.on('error', (error: unknown) => {
    last = error;
  });
  try {
    await redis.connect();
    checkPolicy(await redis.info('memory'), where);
    checkVersion(await claimVersion(redis, version), version, where);
  } catch (error) {
    redis.disconnect();
    throw error instanceof UserError ? error : away(where, last ?? error);
  }
  redis.options.retryStrategy = (times) => Math.min(5000, 100 * 2 ** times);
  const renew = () => claimVersion(redis, version).catch(() => {});
  const timer = setInterval(renew, (VERSION_KEPT / 3) * 1000);
  timer.unref();
  return {
    bullmq,
    options: { connection: { url, maxRetriesPerRequest: null }, prefix: PREFIX },
    where,
    cancel: async (id) => {
      await redis.set(cancelKey(id), '1', 'EX', CANCEL_KEPT);
    },
    takeCancelled: async (id) => (await redis.del(cancelKey(id))) > 0,
    claim: async (name, seconds) =>
      (await redis.set(`${PREFIX}:${name}`, '1', 'EX', seconds, 'NX')) !== null,
    answers: async () =>
      redis.status === 'ready' &&
      (await Promise.race([
        redis.ping().then(() => true),
        sleep(ANSWER_WITHIN, false, { ref: false }),
      ]).catch(() => false)),
    close: async () => {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}

async function load() {
  try {
    const [bullmq, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis };
  } catch (cause) {
    if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new UserError('queue: needs two more packages; npm install bullmq ioredis', {
      code: 'unsupported',
      facts: { option: 'queue' },
      cause,
    });
  }
}

/** Gives host and port. */
function checkUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'redis:' || parsed?.protocol === 'rediss:') {
    return `${parsed.hostname}:${parsed.port || 6379}`;
  }
  // It may hold a password: it is not said again.
  throw new UserError('queue: is no address of a queue; give redis://host:port', {
    facts: { option: 'queue' },
  });
}

function checkPolicy(info: string, where: string): void {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  if (policy === 'noeviction') return;
  throw new UserError(
    `queue ${where}: drops work when its memory is full (maxmemory-policy ${policy}); set it to noeviction`,
    { code: 'unsupported', facts: { option: 'queue', where, policy } },
  );
}

interface VersionClient {
  set(key: string, value: string, ...options: ['EX', number, 'NX']): Promise<unknown>;
  get(key: string): Promise<string | null>;
  expire(key: string, seconds: number): Promise<unknown>;
}

/** Makes the queue one of this version unless it is another's; gives whose it is. */
async function claimVersion(redis: VersionClient, version: string): Promise<string> {
  const key = `${PREFIX}:version`;
  await redis.set(key, version, 'EX', VERSION_KEPT, 'NX');
  const found = (await redis.get(key)) ?? version;
  if (found === version) await redis.expire(key, VERSION_KEPT);
  return found;
}

function checkVersion(found: string, own: string, where: string): void {
  if (found === own) return;
  throw new UserError(
    `queue ${where}: is used by mdensity ${found}, and this is ${own}; install one version everywhere, or give another database, redis://host:port/1`,
    { code: 'mismatch', facts: { option: 'queue', where, version: found, own } },
  );
}

function away(where: string, error: unknown): UserError {
  const message = error instanceof Error ? error.message : String(error);
  const facts = { option: 'queue', where };
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message)) {
    return new UserError(
      `queue ${where}: refuses the password; give redis://user:password@host:port`,
      { code: 'invalid', facts, cause: error },
    );
  }
  return new UserError(
    `queue ${where}: does not answer (${systemCode(error) || oneLine(message, 200)}); start Redis or Valkey there, or check the address`,
    { code: 'network', facts, cause: error },
  );
}
