/** A process that walks: the engine's calls hold its event loop, never that of the server. */
import { UserError } from '../../errors.ts';
import { loadModel } from '../../run/model-file.ts';
import {
  type FromChild,
  type ModelFile,
  sentError,
  type ToChild,
  type WalkTask,
} from './protocol.ts';
import { type SharedModel, shareRuns } from './shared-runs.ts';
import { walkTask } from './walk.ts';

/** Models that stay open. */
const OPEN = 4;

/** Milliseconds between two reports of the progress of a walk. */
const REPORT_EVERY = 100;

interface Opened {
  readonly model: Promise<SharedModel>;
  /** Walks that use it now. */
  users: number;
}

/** Most rows of a run, where whoever started this process says so. */
const most = process.argv[2] === undefined ? undefined : Number(process.argv[2]);

const models = new Map<string, Opened>();
const walks = new Map<number, AbortController>();

const tell = (message: FromChild) => {
  if (process.connected) process.send!(message);
};

const keyOf = ({ path, version }: ModelFile) => `${path}@${version}`;

/**
 * Opens a model, the most recently used last; one that nobody uses makes room. A file that was
 * replaced is another.
 */
function open(file: ModelFile): Opened {
  const { path } = file;
  const key = keyOf(file);
  const found = models.get(key) ?? {
    model: loadModel(path, { threads: 1 }).then((file) => shareRuns(file, most)),
    users: 0,
  };
  models.delete(key);
  models.set(key, found);
  for (const [other, { model, users }] of models) {
    if (models.size <= OPEN) break;
    if (users > 0 || other === key) continue;
    models.delete(other);
    model.then(({ file }) => file.release()).catch(() => {});
  }
  return found;
}

async function walk(id: number, task: WalkTask): Promise<void> {
  const controller = new AbortController();
  walks.set(id, controller);
  const opened = open(task.model);
  const { path } = task.model;
  opened.users += 1;
  try {
    const model = await opened.model;
    let told = performance.now();
    const onStep = (step: number) => {
      if (performance.now() - told < REPORT_EVERY) return;
      told = performance.now();
      tell({ type: 'progress', id, step });
      tell({ type: 'runs', path, ...model.takeRuns() });
    };
    let index = 0;
    for await (const { step, xhat } of walkTask(task, model, {
      signal: controller.signal,
      onStep,
    })) {
      tell({ type: 'jump', id, index, step, xhat });
      index += 1;
    }
    tell({ type: 'runs', path, ...model.takeRuns() });
    tell({ type: 'done', id });
  } catch (error) {
    // A model that could not be opened is tried anew by the next walk.
    if (opened.users === 1) await opened.model.catch(() => models.delete(keyOf(task.model)));
    tell({ type: 'failed', id, error: sentError(error) });
  } finally {
    opened.users -= 1;
    walks.delete(id);
  }
}

process.on('message', (message: ToChild) => {
  if (message.type === 'walk') void walk(message.id, message.task);
  else walks.get(message.id)?.abort(new UserError('stopped', { code: 'stopped' }));
});
// Signals of a terminal go to every process of it: the server says when to end.
process.on('SIGINT', () => {}).on('SIGHUP', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));
tell({ type: 'ready' });
