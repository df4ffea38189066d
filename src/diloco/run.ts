/** Runs that many workers train: started, and gone on with. */
import { randomUUID } from 'node:crypto';
import { UserError } from '../errors.ts';
import { createModel } from '../model/index.ts';
import type { Work } from '../progress.ts';
import { type NewRunOptions, type RunRecord, type RunResult, readRecord } from '../run/index.ts';
import { trimMetrics } from '../run/metrics-file.ts';
import { absolutePath } from '../run/run-data.ts';
import { createFolders, loadCheckpoint, refuseRun, writeRecord } from '../run/run-directory.ts';
import { lockRun } from '../run/run-lock.ts';
import { type DilocoSettings, readRounds, readSettings, writeSettings } from './settings.ts';
import { outerVectors, type TogetherOptions, trainTogether } from './train.ts';

/** What does the work of a run, and is told of it. */
export type Together = Work & Pick<TogetherOptions, 'submitter' | 'store' | 'onRound'>;

/** What a run is started with. */
export type NewTogether = Pick<
  NewRunOptions,
  'directory' | 'dataset' | 'model' | 'training' | 'source' | 'sourceOptions' | 'start' | 'versions'
> & { readonly settings: DilocoSettings };

/**
 * Starts a run in a new directory that workers train together.
 * @throws UserError if one was started there, or the settings do not go together.
 */
export async function startTogether(options: NewTogether, work: Together): Promise<RunResult> {
  const { directory, dataset, model, training, source, sourceOptions = {}, settings } = options;
  const id = randomUUID();
  await checkTogether(options);
  const { name, count, hash } = dataset;
  const path = absolutePath(source);
  const record: RunRecord = {
    model,
    training,
    ...(options.start && { start: options.start.source }),
    data: { source, ...(path && { path }), options: sourceOptions, name, count, hash },
    device: 'cpu',
    saveEvery: settings.innerSteps,
    logEvery: settings.innerSteps,
    evaluation: { every: {}, patience: 5 },
    versions: options.versions,
    started: new Date().toISOString(),
  };
  await createFolders(directory);
  return locked(directory, async () => {
    await refuseRun(directory);
    await writeSettings(directory, { ...settings, id });
    await writeRecord(directory, record);
    const start = options.start?.parameters;
    return trainTogether({ ...work, id, directory, dataset, record, settings, start, rounds: [] });
  });
}

/**
 * Goes on with such a run from its last round, to the same bits as if it had never stopped where
 * the same workers come.
 *
 * @throws UserError if another process trains it, or the data is another.
 */
export async function resumeTogether(
  { directory, dataset }: Pick<NewTogether, 'directory' | 'dataset'>,
  work: Together,
): Promise<RunResult> {
  const [record, { id, ...settings }] = [
    await readRecord(directory),
    await readSettings(directory),
  ];
  if (record.data.hash !== dataset.hash) {
    throw new UserError(
      `${directory}: was trained on ${record.data.source} with other examples than it has now; restore them or start a new run`,
      { code: 'mismatch', facts: { path: directory, data: record.data.source } },
    );
  }
  return locked(directory, async () => {
    const { specs } = createModel(record.model);
    const checkpoint = await loadCheckpoint(directory, specs, outerVectors);
    const step = checkpoint?.step ?? 0;
    await trimMetrics(directory, step);
    const rounds = (await readRounds(directory)).rounds.filter((round) => round.step <= step);
    const state = { record, settings, checkpoint, rounds };
    return trainTogether({ ...work, ...state, id, directory, dataset });
  });
}

async function locked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const unlock = await lockRun(directory);
  return work().finally(unlock);
}

/**
 * Checks that a run can be started.
 * @throws UserError where its folder holds one, for what workers cannot do together, and for too
 *   little data.
 */
export async function checkTogether(options: NewTogether): Promise<void> {
  const { directory, dataset, model, training, settings } = options;
  await refuseRun(directory);
  const { workers } = settings;
  const least = training.validation + workers * training.batch;
  if (dataset.count < least) {
    throw new UserError(
      `workers ${workers}: each needs a share of at least a batch, and ${dataset.name} has ${dataset.count} examples for ${workers} shares of ${training.batch} and ${training.validation} held out; give fewer`,
      { facts: { option: 'workers', value: workers, count: dataset.count, least } },
    );
  }
  if (model.condition) {
    throw new UserError(
      'condition: workers that train together are given no labels; leave it out, or train alone',
      { code: 'unsupported', facts: { option: 'condition' } },
    );
  }
  if (training.snapshotEvery > 0) {
    throw new UserError(
      `snapshotEvery ${training.snapshotEvery}: workers that train together keep one average; leave it out`,
      { code: 'unsupported', facts: { option: 'snapshotEvery', value: training.snapshotEvery } },
    );
  }
}
