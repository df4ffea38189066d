/** Settings of a training: what of them makes another model, and how they read on the command line. */
import { effectiveNoise } from '../../../src/density/gps.ts';
import type { LinkState } from '../../link.ts';
import type { Centre, Point } from '../../target/fields.ts';
import { show } from '../../target/noise.ts';
import { type DataName, networkFor, networks } from './networks.ts';
import type { schema } from './schema.ts';

export type Settings = LinkState<typeof schema>;

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
  if (target === 'points') return 'points you draw';
  return target === 'mixture' ? 'mixture you arrange' : target.replaceAll('-', ' ');
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

/** The command that trains the same: its losses are those of the page, to rounding. */
export function commandOf(settings: Settings): string {
  const { optimizer, rate, batch, steps, warmup, decay, ema, clip, sigma, M, seed } = settings;
  const network = networkFor(settings);
  const { parametrization } = networks[network];
  const source = sources[settings.data] ?? examplesFile(settings);
  const options: readonly (readonly [flag: string, value: string | number, standard: unknown])[] = [
    ['parametrization', parametrization, 'gps'],
    ['net', network, undefined],
    ['data', source, undefined],
    ['sigma', sigma, undefined],
    ['measurements', M, 1],
    ['optimizer', optimizer, 'adam'],
    ['weight-decay', decayOf(settings) || 0.01, 0.01],
    ['learning-rate', rate, 1e-3],
    ['batch', batch, 64],
    ['steps', steps, 2000],
    ['warmup', warmup, 100],
    ['decay', decay, 'cosine'],
    ['ema', ema, 0.99],
    ['clip', clip, 0],
    ['seed', seed, 0],
    // By default the command holds examples out of large sets; the page learns from all.
    ['validation', 0, undefined],
    ['out', 'runs/studio', undefined],
  ];
  const given = options.filter(([, value, standard]) => value !== standard);
  return ['mdensity train', ...given.map(([flag, value]) => `--${flag} ${value}`)].join(' ');
}
