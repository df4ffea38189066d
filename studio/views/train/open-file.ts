/**
 * Files that are opened: a model of `mdensity train` or of this view, or a checkpoint of this view.
 */
import { UserError } from '../../../src/errors.ts';
import type { ModelConfig } from '../../../src/model/config.ts';
import { decodeLink, encodeLink } from '../../link.ts';
import { type DataName, dataOfShape, type NetworkName, networksFor } from './networks.ts';
import { schema } from './schema.ts';
import type { Settings } from './settings.ts';

/** Bytes of the largest file: with its copies it must fit into a page's memory. */
const LARGEST = 5e8;

/** What a file seems to be, by its first bytes. */
export type FileKind = 'onnx' | 'safetensors';

/** @throws UserError for a file that is neither. */
export function fileKind(bytes: Uint8Array, name: string): FileKind {
  // A safetensors file begins with the length of its header, which is JSON.
  if (bytes.length > 8 && bytes[8] === 0x7b) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (length <= BigInt(bytes.length - 8)) return 'safetensors';
  }
  // An ONNX file is a protocol buffer, whose first field is the version.
  if (/\.onnx$/i.test(name) || (bytes[0] === 0x08 && bytes[1]! > 0 && bytes[1]! < 0x20)) {
    return 'onnx';
  }
  throw new UserError(
    `${name}: is neither a model (model.onnx) nor a checkpoint (.safetensors); give one that mdensity train or this page wrote`,
  );
}

/** @throws UserError for a file that is too large for a page, before it is read. */
export function checkSize({ size, name }: Pick<File, 'size' | 'name'>): void {
  if (size <= LARGEST) return;
  throw new UserError(
    `${name}: ${(size / 1e9).toFixed(1)} GB are too large to train in a page, which can take ${LARGEST / 1e9} GB; use mdensity train --init on the command line`,
  );
}

/** A model of a file that training goes on from. */
export interface OpenedModel {
  readonly name: string;
  readonly config: ModelConfig;
  readonly parameters: Float32Array;
}

/**
 * The settings under which a model of a file goes on.
 * @throws UserError for a model of other data or another kind than this view trains.
 */
export function settingsFor({ name, config }: OpenedModel): Pick<Settings, 'data' | 'sigma' | 'M'> {
  const { shape, parametrization, noise } = config;
  const data = dataOfShape(shape);
  if (data === undefined) {
    throw new UserError(
      `${name}: is a model of examples of shape [${shape.join(', ')}], this view has points [2], digits [1, 8, 8] and [1, 28, 28]; go on with it by mdensity train --init`,
    );
  }
  if (
    (parametrization !== 'gps' && parametrization !== 'gps-energy') ||
    noise.type !== 'gaussian'
  ) {
    throw new UserError(
      `${name}: is learned as ${parametrization}, this view goes on with gps and gps-energy under Gaussian noise; go on with it by mdensity train --init`,
    );
  }
  return { data, sigma: noise.sigma, M: noise.measurements };
}

/** The preset whose network a model has; undefined where it has one of its own. */
export function presetOf(
  data: DataName,
  network: ModelConfig['network'],
  find: (name: string) => { readonly config: ModelConfig['network'] },
): NetworkName | undefined {
  const plain = (value: unknown) => JSON.stringify(value, (_, part) => sorted(part));
  return networksFor(data).find((name) => plain(find(name).config) === plain(network));
}

/** An object with its keys in order, so that equal ones read the same. */
function sorted(part: unknown): unknown {
  if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Keys of a checkpoint's metadata: its settings as a link, and the model where a file had one of
 * its own.
 */
const [SETTINGS, MODEL] = ['studio', 'studio-model'] as const;

type Metadata = Readonly<Record<string, string>>;

/** A checkpoint's metadata with the settings that it was made under. */
export const withSettings = (
  metadata: Metadata,
  settings: Settings,
  model?: ModelConfig,
): Metadata => ({
  ...metadata,
  [SETTINGS]: encodeLink('train', schema, settings),
  ...(model && { [MODEL]: JSON.stringify(model) }),
});

/** The settings that a checkpoint was made under. @throws UserError for one that does not say. */
export function settingsIn(metadata: Metadata, name: string): Settings {
  const link = metadata[SETTINGS];
  const { state, problem } = decodeLink(schema, link?.split('?')[1] ?? '');
  if (link !== undefined && problem === undefined) return state;
  throw new UserError(
    `${name}: does not say under which settings it was made; give a checkpoint that this page saved, or the model.onnx of a run`,
  );
}

/**
 * The model of a file that a checkpoint goes back to.
 *
 * @throws UserError where it cannot be read.
 */
export function modelIn(
  metadata: Metadata,
  name: string,
  schema: { safeParse(value: unknown): { readonly data?: ModelConfig | undefined } },
): ModelConfig | undefined {
  const text = metadata[MODEL];
  if (text === undefined) return undefined;
  try {
    const { data } = schema.safeParse(JSON.parse(text));
    if (data) return data;
  } catch {
    // Said below.
  }
  throw new UserError(`${name}: its model cannot be read; give another checkpoint`);
}
