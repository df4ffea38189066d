/**
 * Serves samples as pictures: GET /?seed=3 answers with a PNG. The walk runs in a thread of its own,
 * because a call of the runtime blocks the thread that makes it.
 */
import { createServer } from 'node:http';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { collect, openModel, UserError, walkJump } from 'mdensity';
import { drawOf, encodePng, gridPicture } from 'mdensity/sample';

type Task = { readonly id: number; readonly seed: number };
type Answer = { readonly id: number; readonly png?: Uint8Array; readonly error?: string };

if (isMainThread) serve();
else await work();

function serve(): void {
  const worker = new Worker(new URL(import.meta.url));
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let tasks = 0;
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (pathname === '/health') return response.end('alive');
    const task: Task = { id: tasks++, seed: Number(searchParams.get('seed') ?? 0) };
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(task.id, resolve);
      worker.postMessage(task);
    });
    if (answer.error) return response.writeHead(400).end(`${answer.error}\n`);
    return response.writeHead(200, { 'content-type': 'image/png' }).end(answer.png);
  });
  server.listen(Number(process.env.PORT ?? 8080), () => {
    console.log('listening', server.address());
  });
}

/** Takes tasks one after another; the messages wait meanwhile. */
async function work(): Promise<void> {
  const model = await openModel('mnist', { threads: 2 });
  const options = { measurements: 4, chains: 16, steps: 60, jumpEvery: 60 };
  let last: Promise<void> = Promise.resolve();
  const answer = async ({ id, seed }: Task): Promise<Answer> => {
    try {
      const { data, shape } = await collect(walkJump(model, { ...options, seed }));
      return { id, png: await encodePng(gridPicture(drawOf(data, shape, 0), model.shape)) };
    } catch (error) {
      if (error instanceof UserError) return { id, error: error.message };
      throw error;
    }
  };
  parentPort!.on('message', (task: Task) => {
    last = last.then(async () => parentPort!.postMessage(await answer(task)));
  });
}
