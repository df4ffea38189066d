/** A wall gets its model: from the box or from a file, on a device. */
import { UserError } from '../../../src/errors.ts';
import { boxNames, fetchBoxModel } from '../../engine/box.ts';
import { closeModel, openModel, startWalk } from '../../engine/engine.ts';
import { LARGEST_MODEL } from '../../engine/limits.ts';
import type { ModelFacts } from '../../engine/protocol.ts';
import { type OwnModel, readModel } from './files.ts';
import { emptyHistory } from './history.ts';
import { imageShapeOf, servedBy, settingsOf, stateOf } from './settings.ts';
import { failed, followSettings, receiver } from './walking.ts';
import { errorNote, lineOf, type Wall } from './wall.svelte.ts';

/** What is asked for: a model on a device. */
const keyOf = (wall: Wall): string =>
  [wall.state.model, wall.state.device, ownOf(wall)?.sigma].join(' ');

/** The reader's model, where it is the one that is asked for. */
const ownOf = ({ state, shown }: Wall) => (shown.own?.name === state.model ? shown.own : undefined);

/** Whether a name is of a model that can be had now. */
export const isThere = (wall: Wall): boolean =>
  boxNames.includes(wall.state.model) || ownOf(wall) !== undefined;

/** Loads the model that is asked for, where it is not there yet. False where it cannot be had. */
export function ready(wall: Wall): Promise<boolean> {
  const { behind } = wall;
  const key = keyOf(wall);
  if (behind.loading?.key === key) return behind.loading.ready;
  if (behind.walk && behind.key === key) return Promise.resolve(true);
  return load(wall, key);
}

/** Follows the controls: another model or device, once the reader wanted one. */
export async function followModel(wall: Wall): Promise<void> {
  if (wall.behind.wanted) await ready(wall);
}

/** Opens a model of the reader's. */
export async function openFile(wall: Wall, file: File): Promise<void> {
  try {
    await openOwn(wall, await readModel(file, LARGEST_MODEL));
  } catch (error) {
    wall.show({ modelNote: errorNote(error) });
  }
}

/** Opens a model whose bytes are here, at a σ̃ that the reader gave if it does not say it. */
export async function openOwn(wall: Wall, own: OwnModel): Promise<void> {
  const { behind, state, show } = wall;
  show({ own });
  // The same name may be of another file.
  behind.key = undefined;
  behind.loading?.abort.abort();
  behind.loading = undefined;
  state.model = own.name;
  await ready(wall);
}

/** Ends a load; the wall stays without a model. */
export function cancel(wall: Wall): void {
  wall.behind.loading?.abort.abort();
  wall.behind.loading = undefined;
  wall.behind.wanted = false;
  unload(wall);
  wall.show({ loading: undefined });
}

/** Ends the walk and gives the model back. */
export function unload({ behind, shown, show }: Wall): void {
  const { model } = shown;
  void behind.walk?.close();
  if (model) void closeModel(model.id);
  Object.assign(behind, { walk: undefined, key: undefined, settings: undefined });
  show({
    ...{ model: undefined, shape: undefined, device: undefined, playing: false },
    ...{ history: emptyHistory, y: undefined },
  });
}

function load(wall: Wall, key: string): Promise<boolean> {
  const { behind, show } = wall;
  behind.loading?.abort.abort();
  unload(wall);
  const abort = new AbortController();
  const own = () => behind.loading?.abort === abort;
  const work = async () => {
    try {
      await begin(wall, key, abort.signal);
      // The controls may have moved on.
      followSettings(wall);
      return !abort.signal.aborted;
    } catch (error) {
      if (abort.signal.aborted) return false;
      unload(wall);
      if (doesNotSaySigma(error)) show({ unsaid: ownOf(wall) });
      else show({ modelNote: { kind: 'error', text: forPage(lineOf(error)) } });
      return false;
    } finally {
      if (own()) {
        behind.loading = undefined;
        show({ loading: undefined });
      }
    }
  };
  show({
    ...{ loading: { name: wall.state.model }, modelNote: undefined },
    ...{ walkNote: undefined, unsaid: undefined },
  });
  behind.wanted = true;
  behind.loading = { key, abort, ready: Promise.resolve().then(work) };
  return behind.loading.ready;
}

/** From a name to a walk that shows its first jump. */
async function begin(wall: Wall, key: string, signal: AbortSignal): Promise<void> {
  const { state, behind, show } = wall;
  const name = state.model;
  const own = ownOf(wall);
  if (!own && !boxNames.includes(name)) throw new UserError(notThere(name));
  const onProgress = (progress: { bytes: number; share?: number }) => {
    if (!signal.aborted) show({ loading: { name, ...progress } });
  };
  const bytes = own ? own.bytes : await fetchBoxModel(name, { onProgress, signal });
  signal.throwIfAborted();
  show({ loading: { name } });
  const sigma = own?.sigma;
  const model = await openModel(bytes, name, {
    device: state.device,
    ...(sigma !== undefined && { sigma }),
    onDevice: (device) => {
      if (wall.shown.model?.id === model.id) show({ device });
    },
  });
  try {
    signal.throwIfAborted();
    await startOn(wall, model, signal);
    behind.key = key;
  } catch (error) {
    // Where it is the wall's, unloading the wall closes it.
    if (wall.shown.model?.id !== model.id) await closeModel(model.id);
    throw error;
  }
}

async function startOn(wall: Wall, model: ModelFacts, signal: AbortSignal): Promise<void> {
  const { state, behind, show } = wall;
  const shape = imageShapeOf(model, state.model);
  const { settings, note } = servedBy(model, settingsOf(state));
  if (note !== undefined) Object.assign(state, stateOf(settings));
  const onFailure = (message: string) => failed(wall, message);
  const walk = await startWalk(model.id, settings, receiver(wall, model.id), onFailure);
  signal.throwIfAborted();
  Object.assign(behind, { walk, settings });
  show({
    ...{ model, shape, device: model.device },
    ...(note !== undefined && { modelNote: { kind: 'info', text: note } }),
  });
  await walk.step();
}

/** One line for a name that a link or the reader gave. */
export const notThere = (name: string): string =>
  `There is no model “${name}” in the box (${boxNames.join(', ')}); open its file, or choose one of these.`;

const doesNotSaySigma = (error: unknown): boolean =>
  error instanceof Error && /does not say its noise level/.test(error.message);

/** Messages of the library name options of the command line. */
const forPage = (line: string): string => line.replaceAll('--sigma', 'σ̃');
