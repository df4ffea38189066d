/** Opening a file: its settings go to the view, its weights to a training that rests. */
import { readTrained } from '../../engine/engine.ts';
import { networkFor } from './networks.ts';
import {
  checkSize,
  fileKind,
  modelIn,
  type OpenedModel,
  presetOf,
  settingsFor,
  settingsIn,
} from './open-file.ts';
import type { Source } from './session.ts';
import { putBack, type Settings } from './settings.ts';
import { training } from './training.svelte.ts';

/**
 * Opens a model or a checkpoint. Settings change only where the file could be read.
 * @throws UserError for a file that is neither, is too large, or is of another kind or other data.
 */
export async function openFile(file: File, live: Settings): Promise<void> {
  checkSize(file);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { settings, source } =
    fileKind(bytes, file.name) === 'onnx'
      ? await fromModel(bytes, file.name, live)
      : await fromCheckpoint(bytes, file.name);
  if (!(await training.start(settings, source))) {
    const line = training.problem ?? '';
    training.problem = undefined;
    throw new Error(line.startsWith(file.name) ? line : `${file.name}: ${line}`);
  }
  putBack(live, settings);
  training.follow(live);
}

interface Opened {
  readonly settings: Settings;
  readonly source: Source;
}

async function fromModel(bytes: Uint8Array, name: string, live: Settings): Promise<Opened> {
  const { findPreset } = await import('../../../src/nn/presets.ts');
  const opened: OpenedModel = { name, ...(await readTrained(bytes, name)) };
  const part = settingsFor(opened);
  const network = presetOf(part.data, opened.config.network, findPreset);
  const settings = { ...plain(live), ...part };
  settings.network = network ?? networkFor(settings);
  return { settings, source: { file: opened } };
}

async function fromCheckpoint(checkpoint: Uint8Array, name: string): Promise<Opened> {
  const [{ decodeSafeTensors }, { modelConfigSchema }] = await Promise.all([
    import('../../../src/data/safetensors.ts'),
    import('../../../src/model/config.ts'),
  ]);
  const { metadata } = decodeSafeTensors(checkpoint, name);
  const settings = settingsIn(metadata, name);
  const config = modelIn(metadata, name, modelConfigSchema);
  return { settings, source: { checkpoint, ...(config && { file: { name, config } }) } };
}

/** Settings without what makes them reactive. */
const plain = (settings: Settings): Settings => JSON.parse(JSON.stringify(settings)) as Settings;
