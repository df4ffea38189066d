import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { isFolder, readError } from '../../files.ts';
import { describeNoise } from '../../model/index.ts';
import { listCheckpoints, readEvaluations, readMetrics, readRecord } from '../../run/index.ts';
import { isTraining } from '../../run/run-lock.ts';
import { readEvaluation } from './evaluation-file.ts';

/** A run, in a line. */
export interface RunSummary {
  readonly name: string;
  readonly path: string;
  /**
   * `training` by a process that lives, `finished` its steps, `stopped` before, or `unreadable`,
   * with what is wrong in `problem`.
   */
  readonly state: 'training' | 'finished' | 'stopped' | 'unreadable';
  readonly problem?: string;
  readonly data?: string;
  readonly network?: string;
  readonly noise?: string;
  /** Steps made, of those that were asked for. */
  readonly step?: number;
  readonly steps?: number;
  /** Mean training loss of the latest steps, and the latest on held-out examples. */
  readonly loss?: number;
  readonly validationLoss?: number;
  /** Latest distance of samples to the data, such as `fd-mnist`, by `evaluate` or on the way. */
  readonly distance?: { readonly name: string; readonly value: number };
  /** Milliseconds since 1970 of its latest sign of life. */
  readonly updated: number;
}

/**
 * Lists the runs in a folder, the latest first.
 *
 * @throws UserError (`not-found`) where there is no such folder.
 */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  if (!isFolder(folder)) {
    throw new UserError(`${folder}: no such folder; give the one that runs are in`, {
      code: 'not-found',
      facts: { path: folder },
    });
  }
  const names = namesIn(folder).filter((name) => existsSync(join(folder, name, 'run.json')));
  const runs = await Promise.all(names.map((name) => summaryOf(name, join(folder, name))));
  return runs.sort((a, b) => b.updated - a.updated);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw readError(error, folder);
  }
}

async function summaryOf(name: string, path: string): Promise<RunSummary> {
  const updated = latest(path, ['metrics.jsonl', 'checkpoints', 'run.json']);
  try {
    return { ...(await readable(path)), name, path, updated };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, path, updated, state: 'unreadable', problem: error.message };
  }
}

async function readable(path: string): Promise<Omit<RunSummary, 'name' | 'path' | 'updated'>> {
  const { model, training, data } = await readRecord(path);
  const [metrics, evaluations, checkpoints, isAlive] = [
    (await readMetrics(path)).at(-1),
    await readEvaluations(path),
    await listCheckpoints(path),
    await isTraining(path),
  ];
  const step = Math.max(metrics?.step ?? 0, checkpoints.at(-1) ?? 0);
  const ended = step >= training.steps ? 'finished' : 'stopped';
  const validationLoss = lastOf(evaluations, (key) => key === 'validationLoss')?.value;
  const distance = (await measured(path)) ?? lastOf(evaluations, isDistance);
  return {
    state: isAlive ? 'training' : ended,
    data: data.name,
    network: model.network.type,
    noise: describeNoise(model),
    step,
    steps: training.steps,
    ...(metrics && { loss: metrics.loss }),
    ...(validationLoss !== undefined && { validationLoss }),
    ...(distance && { distance }),
  };
}

const isDistance = (key: string) => key === 'fid' || key.startsWith('fd-');

/** The latest value of a measure. */
function lastOf(
  lines: Awaited<ReturnType<typeof readEvaluations>>,
  isWanted: (key: string) => boolean,
): RunSummary['distance'] {
  for (const { metrics } of lines.toReversed()) {
    const found = Object.entries(metrics).find(([key]) => isWanted(key));
    if (found) return { name: found[0], value: found[1] };
  }
  return undefined;
}

/** What `evaluate` found of a run. */
async function measured(path: string): Promise<RunSummary['distance']> {
  const found = await readEvaluation(join(path, 'evaluation'));
  const { frechet } = found?.findings ?? {};
  return frechet === undefined ? undefined : { name: frechet.name, value: frechet.distance };
}

/** The latest time that one of some files of a folder was written. */
const latest = (folder: string, files: readonly string[]): number =>
  Math.max(
    0,
    ...files
      .map((name) => join(folder, name))
      .filter((path) => existsSync(path))
      .map((path) => statSync(path).mtimeMs),
  );
