/** What Shape and Walk have in common: which density of the plane, and the noise on it. */
import * as z from 'zod/mini';
import { targetNames } from '../../src/density/targets.ts';
import { type Field, field } from '../link.ts';
import { choice, fieldsOf, flag, number, optionsOf } from '../settings/setting.ts';

/** A place in the plane, in the unit of x. */
export type Point = readonly [x: number, y: number];

/** A round component of the reader's own mixture; the weight is relative to the others'. */
export type Centre = readonly [x: number, y: number, weight: number, spread: number];

/** Bounds of everything that is edited; lengths in the unit of x. */
export const bounds = {
  place: 8,
  points: 400,
  centres: 24,
  weight: [0.05, 10],
  spread: [0.05, 3],
  sigma: [0.1, 8],
  measurements: [1, 64],
} as const;

const between = ([min, max]: readonly [number, number]) => z.number().check(z.gte(min), z.lte(max));
const place = between([-bounds.place, bounds.place]);

/** Rows of numbers as in `rows` of links, every number within its bounds. */
function boundedRows<T extends readonly number[]>(
  value: readonly T[],
  row: z.ZodMiniType<T>,
  max: number,
): Field<readonly T[]> {
  return field<readonly T[]>(value, z.array(row).check(z.maxLength(max)), {
    read: (text) =>
      text === '' ? [] : text.split(';').map((each) => each.split(',').map(numberOf)),
    format: (all) => all.map((each) => each.map(thousandths).join(',')).join(';'),
  });
}

const numberOf = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));

/** As a link writes it: what is edited is rounded to this. */
export const thousandths = (x: number): number => +x.toFixed(3) + 0;

const ownCentres: readonly Centre[] = [
  [-2.4, -1.2, 1, 0.6],
  [2.2, -1.6, 2, 0.9],
  [0.4, 2.4, 1, 0.4],
];

/** What the target is: a named one, points that were drawn, or a mixture that was arranged. */
const targetChoices = [...targetNames, 'points', 'mixture'] as const;

const names: Readonly<Record<string, string>> = {
  points: 'your points',
  mixture: 'your mixture',
};

/** A density as lists call it. */
export const targetTitle = (target: string): string => names[target] ?? target.replaceAll('-', ' ');

/** Settings of the density and the noise on it. */
export const targetSettings = {
  target: choice({
    title: 'Density of x',
    default: 'two-moons' as string,
    choices: targetChoices.map((value: string) => ({ value, label: targetTitle(value) })),
    explain:
      'What clean data look like. All are known exactly: Gaussian mixtures, or points that are equally likely.',
    equation: 'target',
  }),
  sigma: number({
    title: 'Noise σ',
    default: 0.5,
    range: bounds.sigma,
    scale: 'log',
    unit: 'of x',
    option: 'sigma',
    explain:
      'The standard deviation of the noise of one measurement, in the unit of x. More noise gives a smoother density that is easier to walk, and jumps that say less.',
    equation: 'sigma',
  }),
  M: number({
    title: 'Measurements M',
    default: 1,
    range: bounds.measurements,
    whole: true,
    option: 'measurements',
    explain:
      'How many times x is measured. All that the measurements say of x is in their mean ȳ, whose noise is smaller by √M.',
    equation: 'measurements',
  }),
  hold: flag({
    title: 'Hold σ̃ while M moves',
    default: false,
    explain:
      'Moves σ along with M so that σ̃ = σ/√M stays. The density of ȳ, the score and the jumps are then the same for every M.',
    equation: 'class',
  }),
};

/** Gives the options of a command for the noise; σ is always said. */
export const noiseOptions = (state: Pick<TargetState, 'sigma' | 'M'>): readonly string[] =>
  optionsOf({ sigma: targetSettings.sigma, M: targetSettings.M }, state, { sigma: undefined });

/** The fields of a link that views of a density of the plane share. */
export const targetFields = {
  ...fieldsOf({ target: targetSettings.target }),
  points: boundedRows<Point>([], z.tuple([place, place]), bounds.points),
  centres: boundedRows<Centre>(
    ownCentres,
    z.tuple([place, place, between(bounds.weight), between(bounds.spread)]),
    bounds.centres,
  ),
  ...fieldsOf({ sigma: targetSettings.sigma, M: targetSettings.M, hold: targetSettings.hold }),
};

/** The values of those fields that say which density it is. */
export interface TargetChoice {
  readonly target: string;
  readonly points: readonly Point[];
  readonly centres: readonly Centre[];
}

/** The target and the noise on it. */
export interface TargetState extends TargetChoice {
  readonly sigma: number;
  readonly M: number;
}

/** The shared part of a view's state, as plain data. */
export const sharedPart = ({ target, points, centres, sigma, M }: TargetState): TargetState => ({
  target,
  points,
  centres,
  sigma,
  M,
});
