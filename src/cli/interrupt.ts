import { constants } from 'node:os';
import { UserError } from '../errors.ts';

/** What asks a process to end: Ctrl-C, a service manager or `timeout`, a terminal that closes. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type StopSignal = (typeof signals)[number];

/** Milliseconds in which more signals are the same wish: some senders send several at once. */
const ONE_WISH = 3000;

/** Milliseconds after which somebody who waits is told why. */
const TELL_AFTER = 1000;

/** Said once where a stop takes longer than that. */
export const TOLD =
  'mdensity: stopping after the step in hand; Ctrl-C again in some seconds to end now\n';

/** The first signal that stopped something here: what this process is ending for. */
let stoppedBy: StopSignal | undefined;

/** Gives the exit code of what a signal stopped, as shells do: 128 and the signal's number. */
export const stoppedExitCode = () => exitCodeOf(stoppedBy ?? 'SIGINT');

const exitCodeOf = (signal: StopSignal) => 128 + constants.signals[signal];

/** Forgets what stopped an earlier command in this process. */
export function forgetStop(): void {
  stoppedBy = undefined;
}

/**
 * Runs work that can be stopped: the first signal aborts the work's, so that it saves what it has.
 * More signals are the same wish, also while the process says its last words; only another Ctrl-C
 * some seconds later ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const tell = teller();
  let first = 0;
  const stop = (signal: StopSignal) => {
    if (!controller.signal.aborted) {
      stoppedBy ??= signal;
      first = performance.now();
      tell.soon();
      const facts = { signal };
      return controller.abort(new UserError('stopped', { code: 'stopped', facts }));
    }
    if (signal !== 'SIGINT') return;
    if (performance.now() - first > ONE_WISH) process.exit(exitCodeOf('SIGINT'));
    tell.now();
  };
  const leave = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    tell.never();
    if (controller.signal.aborted) setTimeout(leave, ONE_WISH).unref();
    else leave();
  }
}

/** Says once what is waited for: what stops sooner needs no words. */
function teller() {
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  const now = () => {
    if (!told) process.stderr.write(TOLD);
    told = true;
  };
  const never = () => {
    clearTimeout(timer);
    told = true;
  };
  const soon = () => {
    timer = setTimeout(now, TELL_AFTER);
    timer.unref();
  };
  return { now, soon, never };
}
