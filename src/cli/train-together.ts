import { join } from 'node:path';
import { loadDataset } from '../data/node/index.ts';
import {
  checkTogether,
  type DilocoSettings,
  hasDiloco,
  type NewTogether,
  openLocalSubmitter,
  readSettings,
  resumeTogether,
  settingsSchema,
  startTogether,
  type Together,
} from '../diloco/index.ts';
import { UserError } from '../errors.ts';
import { dataOfRun, type NewRunOptions, type RunResult, readRecord } from '../run/index.ts';
import { openStore } from '../store/index.ts';
import type { Output } from './output.ts';
import { withRemote } from './queue-options.ts';
import { togetherOptions } from './together-options.ts';
import { type TrainOptions, trainOptions } from './train-options.ts';
import { type Watched, watch } from './watch.ts';

/** Tells whether a training is one of many workers: by its options or, to go on, its run. */
export const isTogether = (
  { workers, queue, store, out }: TrainOptions,
  resume: boolean,
): boolean =>
  workers !== undefined || queue !== undefined || store !== undefined || (resume && hasDiloco(out));

/** What a training of one process measures and chooses, and many do not. */
const alone = [
  ...['threads', 'device', 'saveEvery', 'logEvery', 'validateEvery', 'sampleEvery'],
  ...['distanceEvery', 'distanceChains', 'distanceDraws', 'features', 'stopMetric', 'patience'],
  ...['condition', 'snapshotEvery', 'dryRun'],
] as const;

/** Starts a training by workers, of this machine or at a queue. */
export async function startWorkers(
  planned: NewRunOptions,
  { options, given }: { readonly options: TrainOptions; readonly given: Partial<TrainOptions> },
  output: Output,
): Promise<RunResult> {
  const { workers } = options;
  if (workers === undefined) {
    throw new UserError('--queue: trains by workers; say how many, such as --workers 4');
  }
  const { innerSteps, outerRate, outerMomentum, deadline } = options;
  const settings = settingsSchema.parse({
    workers,
    innerSteps,
    outerRate,
    outerMomentum,
    deadline,
  });
  const odd = alone.find((key) => given[key] !== undefined);
  if (odd !== undefined) {
    throw new UserError(
      `${flagOf(odd)}: is of a training without --workers; leave it out, and measure afterwards with mdensity evaluate`,
      { facts: { option: odd } },
    );
  }
  const started: NewTogether = { ...planned, settings };
  await checkTogether(started);
  return withWorkers(options, settings, output, (work) => startTogether(started, work));
}

/** Goes on with such a training, as it was started. */
export async function resumeWorkers(
  options: TrainOptions,
  given: Partial<TrainOptions>,
  output: Output,
): Promise<RunResult> {
  const { out: directory } = options;
  const record = await readRecord(directory);
  if (!hasDiloco(directory)) {
    throw new UserError(
      `--workers: the run in ${directory} is of one process; leave --workers out to resume it, or start another run`,
      { code: 'mismatch', facts: { option: 'workers', path: directory } },
    );
  }
  const settings = await readSettings(directory);
  const free = ['out', 'resume', 'data', 'queue', 'store', 'priority'];
  const odd = Object.keys(given).find(
    (key) =>
      !free.includes(key) &&
      settings[key as keyof DilocoSettings] !== given[key as keyof DilocoSettings],
  );
  if (odd !== undefined) {
    throw new UserError(
      `${flagOf(odd)}: a run of workers goes on as it was started; leave it out, or start another run`,
      { code: 'mismatch', facts: { option: odd, path: directory } },
    );
  }
  const source = given.data ?? dataOfRun(record);
  const dataset = await watch(output, (work) =>
    loadDataset(source, { ...record.data.options, ...work }),
  );
  return withWorkers(options, settings, output, (work) =>
    resumeTogether({ directory, dataset }, work),
  );
}

/** Opens what trains for as long as it does: a queue, or processes of this machine. */
function withWorkers<T>(
  options: TrainOptions,
  { workers }: DilocoSettings,
  output: Output,
  train: (work: Together) => Promise<T>,
): Promise<T> {
  const local = async (watched: Watched) => {
    const store = await openStore(join(options.out, 'store'));
    const submitter = openLocalSubmitter(store, options.out, workers);
    return train({ ...watched, store, submitter }).finally(submitter.close);
  };
  return watch(output, (watched) =>
    withRemote(options, watched.onNote, (remote) =>
      remote ? train({ ...watched, ...remote }) : local(watched),
    ),
  );
}

const flagOf = (key: string) =>
  ({ ...trainOptions, ...togetherOptions })[key as 'out']?.flags.split(' ')[0] ?? key;
