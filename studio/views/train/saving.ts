/** Files that the page hands out. */
import { encodeNpy } from '../../../src/data/npy-encode.ts';
import { download } from '../../components/files.ts';
import { handover } from '../../handover.svelte.ts';
import { hashOf } from '../../route.svelte.ts';
import { sharedPart } from '../../target/fields.ts';
import { classOf } from '../../target/noise.ts';
import { shareTarget } from '../../target/share.ts';
import { planeExamples } from './examples.ts';
import { withSettings } from './open-file.ts';
import { dataTitle, examplesFile, type Settings } from './settings.ts';
import { training } from './training.svelte.ts';

/** The name of a file of the training: what it learns and how far it is. */
const nameOf = (begun: Settings) =>
  `${dataTitle(begun).replaceAll(' ', '-')}-${training.history.step}`;

/** Hands out the moving average, for `mdensity sample --model` and for this view. */
export async function saveModel(): Promise<void> {
  const { begun } = training;
  const bytes = await training.save('model');
  if (begun && bytes) hand(bytes, `${nameOf(begun)}.onnx`);
}

/** Hands out all that it takes to go on, with the settings. */
export async function saveCheckpoint(): Promise<void> {
  const { begun, file } = training;
  const bytes = await training.save('checkpoint');
  if (!begun || !bytes) return;
  const { decodeSafeTensors, encodeSafeTensors } = await import('../../../src/data/safetensors.ts');
  const { tensors, metadata } = decodeSafeTensors(bytes, 'checkpoint');
  const named = withSettings(metadata, begun, file?.config);
  hand(encodeSafeTensors({ tensors, metadata: named }), `${nameOf(begun)}.safetensors`);
}

/** Takes the moving average, as it is now, to the view that walks such models. */
export async function walkIt(): Promise<void> {
  const { begun, history } = training;
  const bytes = await training.copy();
  if (!begun || !bytes) return;
  const plane = begun.data === 'plane';
  handover.give({
    name: `${nameOf(begun)}.onnx`,
    bytes,
    sigma: classOf(begun),
    target: plane ? sharedPart(begun) : undefined,
    step: history.step,
  });
  location.hash = plane ? shareTarget(hashOf('walk'), hashOf('train')) : '#/images';
}

/** Hands out the examples of the plane, for the command line. */
export function saveExamples(settings: Settings): void {
  const { values } = planeExamples(settings);
  hand(encodeNpy(values as Float32Array, [values.length / 2, 2]), examplesFile(settings));
}

const hand = (bytes: Uint8Array, name: string): void =>
  download(new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
