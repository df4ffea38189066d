/** A process that runs commands which come from a queue, one at a time. */
import { worker } from 'workerpool';
import { encodeNpy } from '../data/index.ts';
import { leaveInterrupts, report, reportPart } from '../experiment/worker-tools.ts';
import { createProgram } from './program.ts';
import { tellJumpsTo, tellProgressTo } from './watch.ts';

leaveInterrupts();
// A worker does several pieces of work at a time, each on a core.
process.env.MDENSITY_THREADS = '1';

interface CommandTask {
  readonly folder: string;
  readonly args: readonly string[];
  /** Whether jumps are told as they are made. */
  readonly jumps?: boolean;
}

/** Runs a command in its folder and gives what it said on stdout. */
async function run({ folder, args, jumps = false }: CommandTask): Promise<string> {
  process.chdir(folder);
  tellProgressTo(({ done, of }) => report({ done: (1000 * done) / of }));
  tellJumpsTo(jumps ? ({ xhat, shape }) => reportPart(encodeNpy(xhat, shape)) : undefined);
  let said = '';
  const write = process.stdout.write;
  process.stdout.write = ((text: string | Uint8Array) => {
    said += text;
    return true;
  }) as typeof write;
  try {
    await createProgram(args).parseAsync([...args], { from: 'user' });
    return said;
  } finally {
    process.stdout.write = write;
  }
}

worker({ run });
