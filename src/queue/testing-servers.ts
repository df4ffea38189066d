/** Real servers for tests and measurements, each on a free port of the loopback and in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that a test started. */
export interface TestServer {
  readonly port: number;
  readonly folder: string;
  /** Ends it at once, as a loss of power does. */
  kill(): Promise<void>;
  /** Starts it again, with what it kept on its disk. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const keys = { access: 'tester', secret: 'only-of-tests' };

/** What a client of the S3 server finds in its environment. */
export const s3Environment = ({ port }: Pick<TestServer, 'port'>) => ({
  AWS_ACCESS_KEY_ID: keys.access,
  AWS_SECRET_ACCESS_KEY: keys.secret,
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
});

/** Starts Redis or Valkey; `REDIS_SERVER` names the program. */
export function launchRedis(...options: readonly string[]): Promise<TestServer> {
  const program = process.env.REDIS_SERVER ?? 'redis-server';
  return start(program, (port, folder) => ({
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', ...options],
    ],
  }));
}

/**
 * Starts an S3 server, versitygw, with a bucket `bucket`; `S3_SERVER` names the program. Without
 * metadata it keeps no If-None-Match.
 */
export function launchS3({ metadata = true } = {}): Promise<TestServer> {
  const program = process.env.S3_SERVER ?? 'versitygw';
  return start(program, (port, folder) => {
    mkdirSync(join(folder, 'data', 'bucket'), { recursive: true });
    mkdirSync(join(folder, 'metadata'), { recursive: true });
    const kept = metadata ? ['--sidecar', join(folder, 'metadata')] : ['--nometa'];
    return {
      args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', ...kept, join(folder, 'data')],
      env: { ROOT_ACCESS_KEY_ID: keys.access, ROOT_SECRET_ACCESS_KEY: keys.secret },
    };
  });
}

interface Launch {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function start(
  program: string,
  launchOf: (port: number, folder: string) => Launch,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mdensity-server-'));
  const port = await freePort();
  const { args, env } = launchOf(port, folder);
  let child: ChildProcess | undefined;
  const launch = async () => {
    const own = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
    child = own;
    let failed: Error | undefined;
    own.on('error', (error) => {
      failed = error;
    });
    while (!(await answers(port))) {
      if (failed) throw new Error(`${program} cannot be started: install it`, { cause: failed });
      if (own.exitCode !== null) throw new Error(`${program} ended with ${own.exitCode}`);
      await sleep(20);
    }
  };
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const over = new Promise((resolve) => child!.once('exit', resolve));
    child.kill('SIGKILL');
    await over;
  };
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  await launch();
  return { port, folder, kill, restart: launch, stop };
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
