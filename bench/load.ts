/**
 * Loads a server of samples on this machine: requests per second and latency at 1, 16 and 64
 * clients, what sharing runs gains, and what ten times too much does to it. The server is a process
 * of its own. Ends by itself.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { type ServerOptions, startServer } from '../src/serve/index.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'mnist' },
    chains: { type: 'string', default: '1' },
    steps: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    overload: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
const { model } = values;
const body = JSON.stringify({ model, chains: Number(values.chains), steps: Number(values.steps) });

/** The server's side: serves until whoever started it goes. */
async function serve(options: ServerOptions): Promise<void> {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const server = await startServer({ port: 0, models: [model], log, ...options });
  process.send!(server.address);
  process.once('disconnect', () => server.stop().then(() => process.exit(0)));
}

/** Runs work against a server with these options. */
async function against<T>(options: ServerOptions, work: (address: string) => Promise<T>) {
  const limits = { queue: 1000, perKey: 1000, keepSeconds: 2, ...options.limits };
  const flags = ['--serve', JSON.stringify({ ...options, limits }), '--model', model];
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), flags);
  try {
    const [address] = (await once(child, 'message')) as [string];
    // All processes open the model before anything is measured.
    await load(address, 8, 5);
    return await work(address);
  } finally {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }
}

const load = (address: string, connections: number, duration: number) =>
  autocannon({
    url: `${address}/v1/samples`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      prefer: 'wait=300',
      accept: 'application/x-npy',
    },
    body,
    connections,
    duration,
    timeout: 300,
  });

/** A number of the server's own counts. */
async function count(address: string, name: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}

async function runsOf(address: string) {
  const of = (name: string) => count(address, `mdensity_run${name}_total`);
  return { runs: await of('s'), rows: await of('_rows'), seconds: await of('_seconds') };
}

/** So many clients, each asking again when it has its answer. */
const clients = (connections: number, options: ServerOptions = {}) =>
  against(options, async (address) => {
    const before = await runsOf(address);
    const { requests, latency, non2xx } = await load(address, connections, Number(values.seconds));
    const after = await runsOf(address);
    const rows = after.rows - before.rows;
    return {
      clients: connections,
      'most rows': options.rows ?? 16,
      'requests/s': requests.average,
      'median ms': latency.p50,
      '99 % ms': latency.p99,
      refused: non2xx,
      'rows a run': Number((rows / (after.runs - before.runs)).toFixed(1)),
      'ms a row': Number(((1000 * (after.seconds - before.seconds)) / rows).toFixed(2)),
    };
  });

/** Ten times the clients that a server walks and keeps waiting, for a while. */
function overload(seconds: number) {
  const queue = 4;
  const connections = 10 * 2 * queue;
  return against({ limits: { queue, perKey: 2 * queue } }, async (address) => {
    const memory: number[] = [];
    const look = async () => {
      memory.push(Math.round((await count(address, 'process_resident_memory_bytes')) / 1e6));
    };
    await look();
    const timer = setInterval(look, (1000 * seconds) / 12);
    const result = await load(address, connections, seconds);
    clearInterval(timer);
    await look();
    const { ok } = await fetch(`${address}/readyz`);
    const deaths = await count(address, 'mdensity_worker_deaths_total');
    const statuses = Object.entries(
      (result as { statusCodeStats?: Record<string, { count: number }> }).statusCodeStats ?? {},
    ).map(([status, found]) => [status, found.count]);
    return {
      connections,
      unfinished: 2 * queue,
      statuses: Object.fromEntries(statuses),
      errors: result.errors,
      'MB of the server': memory,
      isReady: ok,
      deaths,
    };
  });
}

async function measure(): Promise<void> {
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`;
  const busy = loadavg()[0]?.toFixed(1);
  const results = [];
  for (const connections of [1, 16, 64]) results.push(await clients(connections));
  for (const connections of [16, 64]) results.push(await clients(connections, { rows: 1 }));
  const seconds = Number(values.overload);
  const overloaded = seconds > 0 ? await overload(seconds) : undefined;
  if (values.json) {
    console.log(JSON.stringify({ machine, busy, body, results, overloaded }));
    return;
  }
  console.log(`${machine}; load before ${busy}; ${body}`);
  console.table(results);
  if (overloaded) console.log(overloaded);
}

await (values.serve === undefined ? measure() : serve(JSON.parse(values.serve)));
