/**
 * The training that this page holds. It is here and not in the view, so that it goes on while
 * another view is shown, and is there when the reader comes back.
 */

import type { StepReport } from '../../../src/train/trainer.ts';
import { type RemoteTraining, startTraining } from '../../engine/engine.ts';
import type { DeviceReport, TrainingRequest } from '../../engine/protocol.ts';
import { planeTarget, radiusOf } from '../../target/density.ts';
import { classOf } from '../../target/noise.ts';
import { type Learned, learnedFrom, questionsOf } from './comparison.ts';
import { examplesOf } from './examples.ts';
import {
  emptyHistory,
  type LossHistory,
  type Mark,
  speedOf,
  withLosses,
  withMark,
} from './history.ts';
import { type Look, withLook } from './looks.ts';
import { inWords } from './messages.ts';
import type { Phase, Session, Source } from './session.ts';
import { differences, type Settings } from './settings.ts';

/** Milliseconds between two pictures of the numbers. */
const SHOW_EVERY = 250;
/** Chains of a walk: of points, and of images. */
const CHAINS = { plane: 256, images: 16 } as const;

let phase = $state<Phase>('none');
let session = $state.raw<Session>();
let history = $state.raw<LossHistory>(emptyHistory());
let speed = $state<number>();
let device = $state.raw<DeviceReport>();
let problem = $state<string>();
let looks = $state.raw<readonly Look[]>([]);
/** The step whose look the reader wants to see; the latest where it is undefined. */
let wantedStep = $state<number>();
let savedAt = $state(0);

/** What has come in and is not shown yet. */
let latest = emptyHistory();
let marks: readonly Mark[] = [];
let shownAt = 0;
let looking = false;
let lookedAt = 0;
/** What the reader wants to see now: how often, how long a walk, at which M. */
let wishes: Settings | undefined;

export const training = {
  get phase() {
    return phase;
  },
  get begun() {
    return session?.begun;
  },
  get file() {
    return session?.file;
  },
  get examples() {
    return session?.examples;
  },
  get questions() {
    return session?.questions;
  },
  get history() {
    return history;
  },
  /** Steps per second. */
  get speed() {
    return speed;
  },
  get device() {
    return device;
  },
  /** The look that is shown: the latest, or the one that the reader went back to. */
  get look() {
    const until = (step: number) => wantedStep === undefined || step <= wantedStep;
    return looks.findLast(({ step }) => until(step)) ?? looks[0];
  },
  get looks() {
    return looks;
  },
  /** Goes back to the look at a step; undefined follows the latest. */
  lookBack: (step: number | undefined) => {
    wantedStep = step;
  },
  /** Whether it went on with other settings than those of its first step. */
  get mixed() {
    return session?.mixed ?? false;
  },
  /** Why it cannot start or go on: a line for the reader. */
  get problem() {
    return problem;
  },
  set problem(line) {
    problem = line;
  },
  /** Whether there are steps that no file holds. */
  get unsaved() {
    return session !== undefined && phase !== 'failed' && history.step > savedAt;
  },
  start,
  goOn,
  rest,
  save,
  /** The model's bytes, for another view: nothing is saved by that. */
  copy: async () => session?.handle.exportModel(),
  refresh: lookAgain,
  /** Whose wishes for what is shown are followed: settings that change. */
  follow: (live: Settings) => {
    wishes = live;
  },
};

/**
 * Opens a training in place of the one there is, which stays if it cannot be opened. It rests at
 * first.
 */
async function start(live: Settings, from: Source = {}): Promise<boolean> {
  if (phase === 'running') await rest();
  const before = phase;
  phase = 'opening';
  problem = undefined;
  try {
    const settings = $state.snapshot(live) as Settings;
    const next = await open(settings, from);
    const steps = await next.handle.stepsMade();
    void session?.handle.close();
    const mixed = from.same === true && steps > 0;
    session = { ...next, mixed: mixed || (from.same === true && session?.mixed === true) };
    wishes = live;
    if (!from.same || latest.step !== steps) latest = emptyHistory(steps);
    savedAt = steps;
    if (!from.same) looks = [];
    wantedStep = undefined;
    restart();
    phase = steps < settings.steps ? 'resting' : 'done';
    if (from.checkpoint || from.file) void lookNow();
    return true;
  } catch (error) {
    phase = before;
    problem = inWords(error);
    return false;
  }
}

async function open(settings: Settings, { file, checkpoint }: Source): Promise<Session> {
  const [{ modelOf, trainingOf }, examples] = await Promise.all([
    import('./plan.ts'),
    examplesOf(settings),
  ]);
  const target = settings.data === 'plane' ? planeTarget(settings) : undefined;
  const sigma = classOf(settings);
  const own: { handle?: RemoteTraining } = {};
  const isCurrent = () => own.handle !== undefined && session?.handle === own.handle;
  const request: TrainingRequest = {
    model: modelOf(settings, file?.config),
    config: trainingOf(settings),
    data: examples,
    device: settings.device,
    ...(checkpoint ? { checkpoint } : file?.parameters && { start: file.parameters }),
  };
  own.handle = await startTraining(request, {
    onSteps: (reports) => {
      if (isCurrent()) take(reports);
    },
    onFailure: (message) => {
      if (isCurrent()) fail(message);
    },
    onDevice: (report) => {
      device = report;
    },
  });
  const questions =
    target && questionsOf(target, { sigma, radius: radiusOf(settings.target, sigma) });
  return { handle: own.handle, begun: settings, file, examples, questions, mixed: false };
}

/**
 * Trains on; with settings that it was not begun with, from a checkpoint of what it has learned.
 */
async function goOn(live: Settings): Promise<void> {
  if (!session) return;
  const changed = differences(session.begun, live);
  if (changed.model.length === 0 && changed.training.length > 0) {
    const { file } = session;
    const stood = savedAt;
    const checkpoint = await session.handle.checkpoint();
    if (!(await start(live, { checkpoint, same: true, ...(file && { file }) }))) return;
    savedAt = stood;
  }
  if (phase === 'done' || !session) return;
  problem = undefined;
  restart();
  phase = 'running';
  await session.handle.play();
  if (history.step === 0) void lookNow();
}

async function rest(): Promise<void> {
  if (phase !== 'running' || !session) return;
  phase = 'stopping';
  const { handle, begun } = session;
  await handle.pause();
  // Comes back when the steps in hand are made and reported.
  await handle.advance(0);
  // Meanwhile it may have failed.
  if ((phase as Phase) !== 'stopping') return;
  phase = latest.step < begun.steps ? 'resting' : 'done';
  show();
  void lookNow();
}

function take(reports: readonly StepReport[]): void {
  latest = withLosses(
    latest,
    reports.map(({ loss }) => loss),
  );
  marks = withMark(marks, [performance.now(), latest.step]);
  if (performance.now() - shownAt > SHOW_EVERY) show();
  if (phase === 'running' && latest.step >= session!.begun.steps) {
    phase = 'done';
    show();
    void lookNow();
  } else if (wishes && latest.step - lookedAt >= wishes.every) void lookNow();
}

function fail(message: string): void {
  phase = 'failed';
  problem = inWords(message);
  show();
}

function show(): void {
  shownAt = performance.now();
  history = latest;
  speed = speedOf(marks);
}

function restart(): void {
  marks = [[performance.now(), latest.step]];
  lookedAt = latest.step;
  show();
}

/** Another look where the reader wants to see something else of a training that rests. */
function lookAgain(): void {
  if (phase === 'resting' || phase === 'done') void lookNow();
}

// Leaving the page would lose what was learned, whichever view is shown.
addEventListener('beforeunload', (event) => {
  if (training.unsaved) event.preventDefault();
});

/** Shows what has been learned: between two steps, one look at a time. */
async function lookNow(): Promise<void> {
  const own = session;
  if (!own || looking) return;
  looking = true;
  const { handle, questions, begun } = own;
  const { step } = latest;
  lookedAt = step;
  let learned: Learned | undefined;
  let samples: Float32Array | undefined;
  let line: string | undefined;
  try {
    if (questions) learned = learnedFrom(questions, await handle.denoise(questions.places));
    samples = await samplesOf(handle, begun);
  } catch (error) {
    line = inWords(error);
  }
  looking = false;
  if (session === own) looks = withLook(looks, { step, learned, samples, problem: line });
  // Meanwhile another training was opened, or this one has come to rest.
  if (session !== own || (phase !== 'running' && phase !== 'failed' && latest.step > step)) {
    void lookNow();
  }
}

function samplesOf(handle: RemoteTraining, begun: Settings): Promise<Float32Array> {
  const now = wishes ?? begun;
  const sameClass = differences(begun, now).model.length === 0;
  return handle.samples(
    {
      chains: begun.data === 'plane' ? CHAINS.plane : CHAINS.images,
      measurements: (sameClass ? now : begun).M,
      kernel: 'sachs',
      stepSize: 0.5,
      friction: 0.5,
      walk: 'joint',
      seed: begun.seed,
    },
    now.walk,
  );
}

/** The model or a checkpoint as a file's bytes. */
async function save(kind: 'model' | 'checkpoint'): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!session) return undefined;
  const { handle } = session;
  const bytes = await (kind === 'model' ? handle.exportModel() : handle.checkpoint());
  savedAt = history.step;
  return bytes;
}
