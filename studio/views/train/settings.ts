/**
 * Settings of a training: what of them makes another model, and how they read on the command line.
 */
import { effectiveNoise } from '../../../src/density/gps.ts';
import { optionsOf } from '../../settings/setting.ts';
import { type Centre, noiseOptions, type Point, targetTitle } from '../../target/fields.ts';
import { show } from '../../target/noise.ts';
import { type DataName, networkFor, networks } from './networks.ts';
import { type Settings, trainSettings } from './schema.ts';

export type { Settings } from './schema.ts';

/** Two settings compared: what makes another model, and what a training can go on with. */
export interface Differences {
  /** Each a few words, such as `σ̃ 0.5 → 0.7`. */
  readonly model: readonly string[];
  readonly training: readonly string[];
}

/** What lists call the data. */
export function dataTitle({ data, target }: Pick<Settings, 'data' | 'target'>): string {
  if (data === 'digits8') return '8×8 digits';
  if (data === 'mnist') return 'MNIST digits';
  return targetTitle(target);
}

/** The rate of weight decay is read by AdamW alone. */
const decayOf = ({ optimizer, weightDecay }: Settings) => (optimizer === 'adamw' ? weightDecay : 0);

const sigmaTilde = ({ sigma, M }: Settings) => show(effectiveNoise(sigma, M), 5);

type Reading = readonly [title: string, read: (settings: Settings) => string | number];

const ofModel: readonly Reading[] = [
  ['data', dataTitle],
  ['network', networkFor],
  ['σ̃', sigmaTilde],
  ['optimizer', ({ optimizer }) => optimizer],
  ['seed', ({ seed }) => seed],
];

const ofTraining: readonly Reading[] = [
  ['learning rate', ({ rate }) => rate],
  ['batch', ({ batch }) => batch],
  ['steps', ({ steps }) => steps],
  ['warm-up', ({ warmup }) => warmup],
  ['decay', ({ decay }) => decay],
  ['moving average', ({ ema }) => ema],
  ['largest gradient', ({ clip }) => clip],
  ['weight decay', decayOf],
  ['device', ({ device }) => device],
];

/** What settings `now` would change of a training that was begun with others. */
export function differences(begun: Settings, now: Settings): Differences {
  const list = (readings: readonly Reading[]) =>
    readings
      .map(([title, read]) => [title, read(begun), read(now)] as const)
      .filter(([, before, after]) => before !== after)
      .map(([title, before, after]) => `${title} ${before} → ${after}`);
  return {
    model: [...list(ofModel), ...(sameDrawing(begun, now) ? [] : ['what you drew'])],
    training: list(ofTraining),
  };
}

/** Whether what was drawn is the same, or is not what is learned. */
function sameDrawing(a: Settings, b: Settings): boolean {
  if (a.data !== 'plane' || b.data !== 'plane' || a.target !== b.target) return true;
  const rows = ({ target, points, centres }: Settings): readonly (Point | Centre)[] =>
    target === 'points' ? points : target === 'mixture' ? centres : [];
  return JSON.stringify(rows(a)) === JSON.stringify(rows(b));
}

/** Puts settings back to those of a training, what is only shown apart. */
export function putBack(now: Settings, begun: Settings): void {
  const { exact, arrows, jumps, samples, every, walk, hold, ...rest } = JSON.parse(
    JSON.stringify(begun),
  ) as Settings;
  Object.assign(now, rest);
}

/** Name of the file of the plane's examples, which the command line reads. */
export const examplesFile = ({ target }: Pick<Settings, 'target'>): string => `${target}.npy`;

const sources: Readonly<Record<DataName, string | undefined>> = {
  plane: undefined,
  digits8: 'digits8',
  mnist: 'mnist',
};

/** The command that trains the same from its beginning. */
export function commandOf(settings: Settings): string {
  const network = networkFor(settings);
  const { parametrization } = networks[network];
  const source = sources[settings.data] ?? examplesFile(settings);
  // The rate of weight decay is read by AdamW alone.
  const read = settings.optimizer === 'adamw' ? settings : { ...settings, weightDecay: 0.01 };
  return [
    'mdensity train',
    ...(parametrization === 'gps' ? [] : [`--parametrization ${parametrization}`]),
    `--net ${network}`,
    `--data ${source}`,
    ...noiseOptions(settings),
    ...optionsOf(trainSettings, read),
    // By default the command holds examples out of large sets; the page learns from all.
    '--validation 0',
    '--out runs/studio',
  ].join(' ');
}

/** What is known of the training that the page holds, beside what the controls say. */
export interface Course {
  readonly begun: Settings;
  /** Name of the file that it goes on from. */
  readonly file: string | undefined;
  /** Whether it went on with other settings than it was begun with. */
  readonly mixed: boolean;
}

/** Says whether the command makes the numbers of the page, and where not, why. */
export function commandNote(course: Course | undefined, now: Settings): string {
  if (!course) return 'It makes the losses that the page will make, to rounding.';
  const { begun, file, mixed } = course;
  if (file !== undefined) {
    return `The page goes on from ${file}, the command starts anew: its losses are others. To go on from the file, add --init ${file}.`;
  }
  const { model, training } = differences(begun, now);
  if (model.length + training.length > 0) {
    return 'It is of the controls as they are now, and the training in the page was begun with others: its losses are others.';
  }
  if (mixed) {
    return 'The page changed settings on the way, the command has those of now from its first step: its losses are others.';
  }
  return 'Its losses are those of the page, to rounding.';
}
