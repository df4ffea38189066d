/** What Shape and Walk have in common: which density of the plane, and the noise on it. */
import * as z from 'zod/mini';
import { targetNames } from '../../src/density/targets.ts';
import { choice, type Field, field, flag, number, whole } from '../link.ts';

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
export const targetChoices = [...targetNames, 'points', 'mixture'] as const;

/** The fields of a link that both views have. */
export const targetFields = {
  target: choice<string>('two-moons', targetChoices),
  points: boundedRows<Point>([], z.tuple([place, place]), bounds.points),
  centres: boundedRows<Centre>(
    ownCentres,
    z.tuple([place, place, between(bounds.weight), between(bounds.spread)]),
    bounds.centres,
  ),
  sigma: number(0.5, { min: bounds.sigma[0], max: bounds.sigma[1] }),
  M: whole(1, { min: bounds.measurements[0], max: bounds.measurements[1] }),
  /** Whether σ follows M, so that σ̃ stays. */
  hold: flag(false),
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
