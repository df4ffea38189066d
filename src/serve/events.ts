/** Jumps and progress of a job as server-sent events, which go on where a client left off. */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { changeOf, describeJob, isOver, type Job } from './job.ts';

/** Milliseconds after which a line is sent that says nothing: a silent stream looks dead. */
const HEARTBEAT = 15_000;

/** Id of the last event: who has it needs no other. */
const END = 'end';

/**
 * Streams a job: `jump` with the id 1, 2, …, `progress` without one, and last `done`, `failed` or
 * `cancelled` with the job. With `Last-Event-ID` it begins after that jump.
 */
export function streamJob(context: Context, job: Job): Response {
  const last = context.req.header('last-event-id');
  // Tells an EventSource of a browser not to come again.
  if (last === END) return context.body(null, 204);
  const first = /^\d{1,9}$/.test(last ?? '') ? Number(last) : 0;
  return streamSSE(context, async (stream) => {
    const controller = new AbortController();
    stream.onAbort(() => controller.abort());
    let sent = Math.min(first, job.plan.draws);
    let shown = -1;
    // Each write waits until it is taken: a slow client gets less progress, and all jumps.
    while (!stream.aborted) {
      if (sent < job.jumps) {
        await stream.writeSSE({ event: 'jump', id: String(sent + 1), data: jumpText(job, sent) });
        sent += 1;
      } else if (isOver(job)) {
        const data = JSON.stringify(describeJob(job));
        return stream.writeSSE({ event: job.status, id: END, data });
      } else if (shown !== job.done) {
        shown = job.done;
        const { progress } = describeJob(job);
        await stream.writeSSE({ event: 'progress', data: JSON.stringify(progress) });
      } else {
        await changeOf(job, controller.signal, HEARTBEAT);
        if (shown === job.done && !isOver(job)) await stream.write(': still here\n\n');
      }
    }
  });
}

/** One jump; x̂ as float32, little-endian, in base64. */
function jumpText({ frames, model, request }: Job, index: number): string {
  const { step, xhat } = frames[index]!;
  const bytes = Buffer.from(xhat.buffer, xhat.byteOffset, xhat.byteLength);
  return JSON.stringify({
    jump: index + 1,
    step,
    shape: [request.chains, ...model.config.shape],
    xhat: bytes.toString('base64'),
  });
}
