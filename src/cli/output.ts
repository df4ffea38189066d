import { SingleBar } from 'cli-progress';
import { formatDuration } from '../text.ts';

/** How a command speaks: results to stdout, everything else to stderr. */
export interface Output {
  /** A line for a person. */
  log(text: string): void;
  /** The command's result: one JSON object under `--json`, else the text. */
  result(value: unknown, text: string): void;
  /** A progress bar with a rate and the time left. */
  progress(label: string, total: number): ProgressBar;
}

export interface ProgressBar {
  update(done: number, details: { readonly secondsLeft: number; readonly note: string }): void;
  stop(): void;
}

/** Makes what a command says its results and progress with. */
export function createOutput({ json }: { readonly json: boolean }): Output {
  const log = (text: string) => process.stderr.write(`${text}\n`);
  return {
    log,
    result: (value, text) => {
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
    },
    progress: startBar,
  };
}

function startBar(label: string, total: number): ProgressBar {
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% {value}/{total} · {note} · {left} left`,
    stream: process.stderr,
    barsize: 24,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    hideCursor: true,
    // Away from a terminal: a line now and then instead of a bar that redraws.
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    emptyOnZero: true,
  });
  // Shown from the first update on: work that cannot start shows its error alone.
  return {
    update: (done, { secondsLeft, note }) => {
      const details = { note, left: formatDuration(secondsLeft) };
      if (bar.isActive) bar.update(done, details);
      else bar.start(total, done, details);
    },
    stop: () => {
      if (bar.isActive) bar.stop();
    },
  };
}
