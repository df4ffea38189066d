/** A wall gets its model: from the box or from a file, on a device. */
import { UserError } from '../../../src/errors.ts';
import type { MeasuringProgress } from '../../../src/sample/options.ts';
import { boxNames, fetchBoxModel, toldOfBox } from '../../engine/box.ts';
import { closeModel, openModel, type RemoteWalk, startWalk } from '../../engine/engine.ts';
import { LARGEST_MODEL } from '../../engine/limits.ts';
import type { ModelFacts } from '../../engine/protocol.ts';
import { toldOf } from '../../engine/told.ts';
import { type OwnModel, readModel } from './files.ts';
import { emptyHistory } from './history.ts';
import type { Kept } from './kept.ts';
import { type Known, servedBy, settingsOf, stateOf, suitedTo } from './settings.ts';
import { type ImageShape, imageShapeOf, sameShape } from './shape.ts';
import { failed, followSettings, play, receiver, step } from './walking.ts';
import { errorNote, type Loaded, lineOf, type Shown, type Wall } from './wall.svelte.ts';

/** Says which model it is, and on which device. The same name may be of another file. */
const keyFor = (name: string, device: string, own: OwnModel | undefined): string =>
  [name, device, own?.sigma, own && idOf(own.bytes)].join(' ');

const ids = new WeakMap<Uint8Array, number>();
let lastId = 0;

function idOf(bytes: Uint8Array): number {
  const known = ids.get(bytes);
  if (known !== undefined) return known;
  lastId += 1;
  ids.set(bytes, lastId);
  return lastId;
}

/** The reader's model, where it is the one that is asked for. */
const ownOf = ({ state, shown }: Wall) => (shown.own?.name === state.model ? shown.own : undefined);

/** Whether a name is of a model that can be had now. */
export const isThere = (wall: Wall): boolean =>
  boxNames.includes(wall.state.model) || ownOf(wall) !== undefined;

/** Loads the model that is asked for, where it is not there yet. False where it cannot be had. */
export function ready(wall: Wall): Promise<boolean> {
  const { behind, state } = wall;
  const own = ownOf(wall);
  const key = keyFor(state.model, state.device, own);
  if (behind.loading?.key === key) return behind.loading.ready;
  if (behind.walk && behind.loaded?.key === key) {
    // The controls are back at what is there: what was on its way is not wanted any more.
    behind.loading?.abort.abort();
    behind.loading = undefined;
    if (wall.shown.loading) wall.show({ loading: undefined });
    followSettings(wall);
    return Promise.resolve(true);
  }
  return load(wall, { name: state.model, own }, key);
}

/** Follows the controls: another model or device, once the reader wanted one. */
export async function followModel(wall: Wall): Promise<void> {
  if (wall.behind.wanted) await ready(wall);
}

/** Takes a model by its name, to be walked as suits it. */
export function choose(wall: Wall, name: string): void {
  const { state } = wall;
  Object.assign(state, suitedTo(knownOf(wall, name), knownOf(wall, state.model), state));
  state.model = name;
}

/** Opens a model of the reader's. */
export async function openFile(wall: Wall, file: File): Promise<void> {
  try {
    await openOwn(wall, await readModel(file, LARGEST_MODEL));
  } catch (error) {
    wall.show({ modelNote: errorNote(error) });
  }
}

/**
 * Opens a model whose bytes are here, at a σ̃ that the reader gave if it does not say it. Nothing
 * changes before it could be read: the walk goes on, and the link names its model.
 */
export async function openOwn(wall: Wall, own: OwnModel): Promise<void> {
  await load(wall, { name: own.name, own }, keyFor(own.name, wall.state.device, own));
}

/** Ends a load; the walk there was stays. */
export function cancel(wall: Wall): void {
  wall.behind.loading?.abort.abort();
  wall.behind.loading = undefined;
  wall.show({ loading: undefined });
  goBack(wall);
}

/** Ends the walk and gives the model back. */
export function unload({ behind, shown, show }: Wall): void {
  const { model } = shown;
  void behind.walk?.close();
  if (model) void closeModel(model.id);
  Object.assign(behind, { walk: undefined, loaded: undefined, settings: undefined });
  show({
    model: undefined,
    shape: undefined,
    device: undefined,
    history: emptyHistory,
    y: undefined,
    measured: undefined,
  });
}

/** A model that is asked for: of the box by its name, or one whose bytes are here. */
interface Source {
  readonly name: string;
  readonly own: OwnModel | undefined;
}

/**
 * Puts the controls to the model and walk that are there; without one, nothing is wanted any more.
 */
function goBack({ behind, state }: Wall): void {
  const { loaded, settings } = behind;
  if (!loaded || !settings) behind.wanted = false;
  else {
    Object.assign(state, stateOf(settings), { model: loaded.name, device: loaded.device });
  }
}

function load(wall: Wall, source: Source, key: string): Promise<boolean> {
  const { behind, show } = wall;
  behind.loading?.abort.abort();
  const abort = new AbortController();
  const own = () => behind.loading?.abort === abort;
  const work = async () => {
    try {
      await begin(wall, source, key, abort.signal);
      return !abort.signal.aborted;
    } catch (error) {
      if (abort.signal.aborted) return false;
      if (source.own && doesNotSaySigma(error)) show({ unsaid: source.own });
      else show({ modelNote: { kind: 'error', text: forPage(lineOf(error)) } });
      if (behind.loaded) goBack(wall);
      return false;
    } finally {
      if (own()) {
        behind.loading = undefined;
        show({ loading: undefined });
        // The controls may have moved on.
        followSettings(wall);
      }
    }
  };
  show({
    loading: { name: source.name },
    modelNote: undefined,
    walkNote: undefined,
    fileNote: undefined,
    unsaid: undefined,
  });
  behind.wanted = true;
  behind.loading = { key, abort, ready: Promise.resolve().then(work) };
  return behind.loading.ready;
}

/**
 * From a name to a walk that shows its first jump, and goes on playing where the one before did.
 */
async function begin(
  wall: Wall,
  { name, own }: Source,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const { state, show } = wall;
  if (!own && !boxNames.includes(name)) throw new UserError(notThere(name));
  const onProgress = (progress: { bytes: number; share?: number }) => {
    if (!signal.aborted) show({ loading: { name, ...progress } });
  };
  const bytes = own ? own.bytes : await fetchBoxModel(name, { onProgress, signal });
  signal.throwIfAborted();
  show({ loading: { name } });
  const { device } = state;
  const model = await openModel(bytes, name, {
    device,
    ...(own?.sigma !== undefined && { sigma: own.sigma }),
    onDevice: (report) => {
      if (wall.shown.model?.id === model.id) show({ device: report });
    },
  });
  try {
    await startOn(wall, model, { name, device, key, own }, signal);
  } catch (error) {
    // Where it is the wall's, unloading the wall closes it.
    if (wall.shown.model?.id !== model.id) await closeModel(model.id);
    throw error;
  }
}

async function startOn(
  wall: Wall,
  model: ModelFacts,
  { name, device, key, own }: Source & Loaded,
  signal: AbortSignal,
): Promise<void> {
  const { state, behind, show } = wall;
  const shape = imageShapeOf(model, name);
  // A link to a file of this name has said how it is walked.
  const asked =
    own && state.model !== name
      ? suitedTo({ name, told: model }, knownOf(wall, state.model), state)
      : state;
  // What is kept of a picture is for Gaussian noise.
  const kept = model.counts ? { drawn: undefined, kept: undefined } : keptFor(wall, shape);
  const { settings, note } = servedBy(model, settingsOf(asked, kept.kept));
  const begun: { walk?: RemoteWalk } = {};
  const onFailure = (message: string) => {
    // A walk that was ended has nothing to say any more.
    if (begun.walk && behind.walk === begun.walk) failed(wall, message);
  };
  signal.throwIfAborted();
  const onMeasured = (measured: MeasuringProgress) => {
    if (begun.walk && behind.walk === begun.walk) show({ measured });
  };
  const onFrame = receiver(wall, model.id);
  begun.walk = await startWalk(model.id, settings, onFrame, onFailure, onMeasured);
  signal.throwIfAborted();
  const { playing } = wall.shown;
  unload(wall);
  Object.assign(behind, { walk: begun.walk, settings, loaded: { name, device, key } });
  show({
    ...(own && { own: { ...own, told: toldOf(model.config) } }),
    ...kept,
    model,
    shape,
    device: model.device,
    ...(note !== undefined && { modelNote: { kind: 'info', text: note } }),
  });
  Object.assign(state, stateOf(settings), { model: name });
  await step(wall);
  if (playing && !signal.aborted) await play(wall);
}

/** What was drawn and kept, where a model makes pictures of that shape. */
function keptFor(
  { shown: { drawn, kept } }: Wall,
  shape: ImageShape,
): Pick<Shown, 'drawn' | 'kept'> {
  const fits = (of: Kept | undefined) => of && sameShape(of.shape, shape);
  return { drawn: fits(drawn) ? drawn : undefined, kept: fits(kept) ? kept : undefined };
}

/** What is known of a model by its name. */
export function knownOf({ shown: { own } }: Wall, name: string): Known {
  return { name, told: own?.name === name ? own.told : toldOfBox(name) };
}

/** One line for a name that a link or the reader gave. */
export const notThere = (name: string): string =>
  `There is no model “${name}” in the box (${boxNames.join(', ')}); open its file, or choose one of these.`;

const doesNotSaySigma = (error: unknown): boolean =>
  error instanceof Error && /does not say its noise level/.test(error.message);

/** Messages of the library name options of the command line. */
const forPage = (line: string): string => line.replaceAll('--sigma', 'σ̃');
