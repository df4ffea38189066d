/** Densities from their JSON form. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import type { NumberArray } from '../random.ts';
import { type EmpiricalDensity, empirical } from './empirical.ts';
import { type GaussianDensity, gaussian } from './gaussian.ts';
import { type MixtureDensity, mixture } from './mixture.ts';
import { type PoissonDensity, poisson } from './poisson.ts';

/** Any density that has a JSON form. All but Poisson are smoothed by Gaussian noise. */
export type ExactDensity = GaussianDensity | MixtureDensity | EmpiricalDensity | PoissonDensity;

/** Points already loaded, `[n, d]`. */
export interface LoadedPoints {
  readonly data: NumberArray;
  readonly dimension: number;
}

const vector = z.array(z.number());
const matrix = z.array(vector);

const forms = {
  gaussian: z.strictObject({ type: z.literal('gaussian'), mean: vector, covariance: matrix }),
  mixture: z.strictObject({
    type: z.literal('mixture'),
    weights: vector,
    means: matrix,
    covariances: z.array(matrix),
  }),
  empirical: z.strictObject({
    type: z.literal('empirical'),
    points: z.union([z.string(), matrix]),
  }),
  poisson: z.strictObject({
    type: z.literal('poisson'),
    weights: vector,
    intensities: matrix,
    rate: z.number().optional(),
  }),
};

/** Kinds of density that `parseDensity` reads. */
export const densityTypes: readonly string[] = Object.keys(forms);

/**
 * Names the file that a density's JSON wants loaded, or undefined: give its numbers to
 * `parseDensity`.
 *
 * @param source the JSON value.
 */
export function pointsFile(source: unknown): string | undefined {
  const form = forms.empirical.safeParse(source);
  return form.success && typeof form.data.points === 'string' ? form.data.points : undefined;
}

/**
 * Parses a density from its JSON value, one of
 *
 *     {"type": "gaussian", "mean": [d], "covariance": [d, d]}
 *     {"type": "mixture", "weights": [K], "means": [K, d], "covariances": [K, d, d]}
 *     {"type": "empirical", "points": [n, d]}, or the name of a file whose numbers are in `points`
 *     {"type": "poisson", "weights": [K], "intensities": [K, d], "rate": λ, 1 if left out}
 *
 * @param points numbers of the file that `pointsFile` names.
 *
 * @throws UserError with one line that names the field and what to give.
 */
export function parseDensity(source: unknown, points?: LoadedPoints): ExactDensity {
  const type = typeOf(source);
  switch (type) {
    case 'gaussian': {
      const { mean, covariance } = read(forms.gaussian, source);
      return gaussian(mean, covariance);
    }
    case 'mixture':
      return mixture(read(forms.mixture, source));
    case 'empirical':
      return parseEmpirical(read(forms.empirical, source).points, points);
    case 'poisson': {
      const { weights, intensities, rate } = read(forms.poisson, source);
      return poisson({ weights, intensities, ...(rate === undefined ? {} : { rate }) });
    }
  }
}

function parseEmpirical(
  points: string | readonly (readonly number[])[],
  loaded: LoadedPoints | undefined,
): EmpiricalDensity {
  if (typeof points === 'string') {
    if (loaded) return empirical(loaded.data, loaded.dimension);
    throw new UserError(`points: "${points}" is not loaded; load it or give rows of numbers`, {
      facts: { field: 'points', path: points },
    });
  }
  const dimension = points[0]?.length ?? 1;
  const uneven = points.findIndex((row) => row.length !== dimension);
  if (uneven >= 0) {
    throw new UserError(
      `points[${uneven}]: has ${points[uneven]!.length} numbers, but points[0] has ${dimension}; give rows of one length`,
      {
        code: 'shape',
        facts: { field: `points[${uneven}]`, length: points[uneven]!.length, dimension },
      },
    );
  }
  return empirical(Float64Array.from(points.flat()), dimension);
}

function typeOf(source: unknown): keyof typeof forms {
  const known = `give one of ${densityTypes.join(', ')}`;
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    throw new UserError('density: not a JSON object; give one such as {"type": "mixture", …}', {
      facts: { field: 'density' },
    });
  }
  const type: unknown = 'type' in source ? source.type : undefined;
  const facts = { field: 'type', value: type, known: densityTypes };
  if (type === undefined) throw new UserError(`type: is missing; ${known}`, { facts });
  if (isType(type)) return type;
  const nearest = typeof type === 'string' ? didYouMean(type, densityTypes) : '';
  throw new UserError(
    `type: ${JSON.stringify(type)} is not a kind of density; ${known}.${nearest}`,
    { facts },
  );
}

function isType(type: unknown): type is keyof typeof forms {
  return typeof type === 'string' && Object.hasOwn(forms, type);
}

function read<T>(form: z.ZodType<T>, source: unknown): T {
  const result = form.safeParse(source);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new UserError(describe(issue), {
    facts: { field: fieldOf(issue) || 'density' },
  });
}

/** Names what an issue is about, as `means[0][1]`. */
const fieldOf = ({ path }: z.core.$ZodIssue): string =>
  path
    .map((step, i) =>
      typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`,
    )
    .join('');

/** One line of the first thing that is wrong, as `means[0][1]: …`. */
function describe(issue: z.core.$ZodIssue): string {
  const field = fieldOf(issue);
  if (issue.code === 'unrecognized_keys') {
    return `density: "${issue.keys[0]}" is not a field of this type; remove it or check its spelling`;
  }
  if (issue.code === 'invalid_union') {
    return `${field}: not rows of numbers nor the name of a file; give one of them`;
  }
  if (issue.code !== 'invalid_type') return `${field}: ${issue.message}`;
  if (issue.message.endsWith('received undefined')) {
    return `${field}: is missing; give ${expected(issue.expected)}`;
  }
  return `${field}: is not ${expected(issue.expected)}`;
}

function expected(kind: string): string {
  if (kind === 'number') return 'a finite number';
  return kind === 'array' ? 'a list' : `a ${kind}`;
}
