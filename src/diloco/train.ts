/**
 * Training on many machines by local SGD with an outer step (DiLoCo, Douillard et al. 2023): in a
 * round each worker makes many steps on its share of the data, and only then do they meet.
 */
import { type Dataset, encodeNpy } from '../data/index.ts';
import { DivergedError, UserError } from '../errors.ts';
import { putDataset } from '../experiment/index.ts';
import { fromHalf } from '../half.ts';
import { createModel } from '../model/index.ts';
import { initializeParameters, type ParameterSpec } from '../nn/index.ts';
import type { Work } from '../progress.ts';
import { idOf, type Job, type KeptResult, resultKey, type Submitter } from '../queue/index.ts';
import { modelPath, type RunRecord, type RunResult } from '../run/index.ts';
import { appendMetrics } from '../run/metrics-file.ts';
import { saveCheckpoint } from '../run/run-directory.ts';
import { saveModel } from '../run/training-loop.ts';
import {
  encodeJson,
  type FileReference,
  getObject,
  putObject,
  removeObject,
  type Store,
  storeUnder,
} from '../store/index.ts';
import { averagesOf } from '../train/averages.ts';
import { type Checkpoint, learningRate, type OuterVectors, outerStep } from '../train/index.ts';
import { type Came, gather } from './gather.ts';
import { innerFiles } from './inner.ts';
import { type DilocoSettings, type Round, writeRounds } from './settings.ts';

export interface TogetherOptions extends Work {
  readonly directory: string;
  readonly dataset: Dataset;
  readonly record: RunRecord;
  readonly settings: DilocoSettings;
  /** Names the run in a store that others share; absent of older runs. */
  readonly id: string | undefined;
  readonly submitter: Submitter;
  readonly store: Store;
  /** Where to go on from, with the rounds up to there. */
  readonly checkpoint?: Checkpoint | undefined;
  readonly rounds: readonly Round[];
  /** Parameters [P] to start from. Default: as the network starts. */
  readonly start?: Float32Array | undefined;
  /** Told of every round, with the parameters after it. */
  readonly onRound?: ((round: Round, vectors: OuterVectors) => Promise<void>) | undefined;
}

/** Vectors of a checkpoint. */
export const outerVectors = ['parameters', 'momentum', 'average'] as const;

/**
 * Makes rounds up to the last step, each saved. A signal ends it: the round in hand is lost for
 * this process, but what workers have finished of it is found again.
 *
 * @throws DivergedError where a worker's losses leave all bounds, or what all have made together.
 */
export async function trainTogether(options: TogetherOptions): Promise<RunResult> {
  const { id, directory, dataset, record, settings, signal, checkpoint } = options;
  // What a run keeps there is its own: others may share the store, and objects equal to its.
  const under = id === undefined ? undefined : `runs/${id}`;
  const store = storeUnder(options.store, under);
  const { model, training } = record;
  const { specs } = createModel(model);
  const { steps } = training;
  let vectors = startingVectors(options, specs);
  let step = checkpoint?.step ?? 0;
  const rounds = [...options.rounds];
  const source = await putDataset(store, dataset);
  const shared = { model, training, source, workers: settings.workers };
  const common = await putObject(store, encodeJson(shared));
  let leftovers: () => Promise<void> = async () => {};
  while (step < steps && !signal?.aborted) {
    const began = performance.now();
    const states = rounds.at(-1)?.states ?? {};
    const making = { ...options, store, under, step, common, states };
    const made = await makeRound(making, vectors).catch((error: unknown) => {
      if (signal?.aborted) return undefined;
      throw error;
    });
    if (!made) break;
    const { came, next, clean } = made;
    checkFinite(next, rounds.length, step);
    vectors = next;
    step = Math.min(steps, step + settings.innerSteps);
    const seconds = (performance.now() - began) / 1000;
    const round = roundOf({ made, round: rounds.length, step, seconds, states });
    rounds.push(round);
    // Before the checkpoint: one that is found again has its rounds.
    await writeRounds(directory, { rounds });
    await saveOuter(options, { vectors, step, round });
    const images = came.length * training.batch * (step - (rounds.at(-2)?.step ?? 0));
    await appendMetrics(directory, {
      step,
      loss: round.loss,
      gradientNorm: 0,
      learningRate: learningRate(training, step),
      imagesPerSecond: images / seconds,
    });
    await options.onRound?.(round, vectors);
    // What the checkpoint before the last needs is kept.
    await leftovers();
    leftovers = clean;
  }
  return {
    directory,
    step,
    steps,
    loss: rounds.at(-1)?.loss,
    imagesPerSecond: undefined,
    finished: step >= steps,
    stoppedEarly: false,
    best: undefined,
  };
}

function startingVectors(
  { checkpoint, start, record }: TogetherOptions,
  specs: readonly ParameterSpec[],
): OuterVectors {
  if (checkpoint) {
    const { parameters, momentum, average } = checkpoint.vectors;
    return { parameters: parameters!, momentum: momentum!, average: average! };
  }
  const parameters = start ?? initializeParameters(specs, record.training.seed);
  return { parameters, momentum: new Float32Array(parameters.length), average: parameters };
}

interface Making extends TogetherOptions {
  readonly under: string | undefined;
  readonly step: number;
  readonly common: string;
  readonly states: Readonly<Record<string, FileReference>>;
}

interface Made {
  readonly came: readonly Came[];
  readonly next: OuterVectors;
  readonly bytes: number;
  /** Removes what nobody will ask for any more. */
  readonly clean: () => Promise<void>;
}

/** One round: sends the parameters, waits for the workers and makes the outer step. */
async function makeRound(making: Making, vectors: OuterVectors): Promise<Made> {
  const { record, settings, store, step, signal, submitter, states, onProgress } = making;
  const { steps } = record.training;
  const { innerSteps, outerRate, outerMomentum, deadline } = settings;
  const { parameters } = vectors;
  const bytes = encodeNpy(parameters, [parameters.length]);
  const start = { name: innerFiles.start, hash: await putObject(store, bytes) };
  const made = Math.min(innerSteps, steps - step);
  const jobs = jobsOf(making, start, made);
  const came = await gather(jobs, {
    submitter,
    deadline,
    signal,
    onStep: (mean) =>
      onProgress?.({
        label: 'training',
        done: Math.min(steps, Math.round(step + mean)),
        of: steps,
        unit: 'steps',
        note: `${settings.workers} workers`,
      }),
  });
  const deltas = await Promise.all(came.map(({ result }) => deltaOf(store, result)));
  const [average] = averagesOf(record.training);
  let kept = 1;
  for (let t = step + 1; t <= step + made; t++) kept *= 1 - average!.weight(t);
  const next = outerStep(vectors, {
    deltas,
    rate: outerRate,
    momentum: outerMomentum,
    averageWeight: 1 - kept,
  });
  const traffic = bytes.length * jobs.length + came.length * (2 * parameters.length);
  const replaced = came.flatMap(({ worker }) => states[worker]?.hash ?? []);
  const clean = async () => {
    // Of an older run: what it keeps may be another's too.
    if (making.under === undefined) return;
    const hashes = [start.hash, ...replaced, ...came.map(({ result }) => hashIn(result, 'delta'))];
    for (const hash of hashes) await removeObject(store, hash);
    for (const job of jobs) await store.remove(resultKey(idOf(job)));
  };
  return { came, next, bytes: traffic, clean };
}

function jobsOf(
  { settings, common, states, step, under }: Making,
  start: FileReference,
  steps: number,
) {
  // Who comes late has no optimizer yet: that of the first who has serves.
  const [any] = Object.values(states);
  return Array.from({ length: settings.workers }, (_, worker): Job => {
    const state = states[worker] ?? any;
    const needs = [start, ...(state ? [{ name: innerFiles.before, hash: state.hash }] : [])];
    const own = { worker, step, steps, needs };
    return { kind: 'diloco/inner', common, own, under };
  });
}

async function deltaOf(store: Store, result: KeptResult): Promise<Float32Array> {
  const bytes = Uint8Array.from(await getObject(store, hashIn(result, 'delta')));
  return fromHalf(new Uint16Array(bytes.buffer));
}

function hashIn({ files }: KeptResult, name: 'delta' | 'state'): string {
  const found = files.find((file) => file.name === innerFiles[name]);
  if (found) return found.hash;
  throw new UserError(`a worker’s result has no ${innerFiles[name]}; start the same again`, {
    code: 'unreadable',
    facts: { name },
  });
}

function roundOf({
  made: { came, bytes },
  states,
  ...rest
}: Pick<Round, 'round' | 'step' | 'seconds' | 'states'> & { readonly made: Made }): Round {
  const losses = came.map(({ result }) => (result.value as { readonly loss: number }).loss);
  const newer = came.map(({ worker, result }) => [
    String(worker),
    { name: innerFiles.state, hash: hashIn(result, 'state') },
  ]);
  return {
    ...rest,
    came: came.map(({ worker }) => worker),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    bytes,
    states: { ...states, ...Object.fromEntries(newer) },
  };
}

interface Outer {
  readonly vectors: OuterVectors;
  readonly step: number;
  readonly round: Round;
}

async function saveOuter({ directory, record }: TogetherOptions, { vectors, step, round }: Outer) {
  const { seed, batch } = record.training;
  const examples = step * batch * round.came.length;
  const checkpoint = { step, seed, examples, vectors: { ...vectors } };
  await saveCheckpoint(directory, checkpoint, createModel(record.model).specs);
  await saveModel(modelPath(directory), checkpoint, record);
}

function checkFinite({ parameters }: OuterVectors, round: number, step: number): void {
  if (parameters.every(Number.isFinite)) return;
  throw new DivergedError(
    `round ${round}: the parameters that workers made together are not finite; try a smaller outer or learning rate, or fewer inner steps`,
    { step },
  );
}
