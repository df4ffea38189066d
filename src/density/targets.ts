/**
 * Standard densities of the plane, by name. Each is a Gaussian mixture, hence known exactly at
 * every noise level: the mixture is the target itself, not a model of one, and the docstrings say
 * how it is made. All are centred, within about 6 units of the origin (the funnel: 10 along its
 * neck).
 */
import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { type MixtureDensity, mixture } from './mixture.ts';

type Point = readonly [number, number];
type Covariance = readonly [Point, Point];

interface Component {
  readonly weight: number;
  readonly mean: Point;
  readonly covariance: Covariance;
}

/** Eight Gaussians of standard deviation 1/2 on a circle of radius 4, equal weights. */
function eightGaussians(): MixtureDensity {
  return assemble(
    range(8).map((k) => ({
      weight: 1,
      mean: polar(4, (k * Math.PI) / 4),
      covariance: round(0.5),
    })),
  );
}

/**
 * Two interleaved half circles of radius 2, 20 components each: across the arc the standard
 * deviation is 0.2, along it the spacing, so that the beads do not show.
 */
function twoMoons(): MixtureDensity {
  const spacing = (2 * Math.PI) / 20;
  return assemble(
    [0, 1].flatMap((moon) =>
      range(20).map((k) => {
        const angle = Math.PI * (moon + (k + 0.5) / 20);
        const [x, y] = polar(2, angle);
        const mean: Point = moon === 0 ? [x - 1, y - 0.5] : [x + 1, y + 0.5];
        return { weight: 1, mean, covariance: along(angle + Math.PI / 2, spacing, 0.2) };
      }),
    ),
  );
}

/**
 * Three concentric rings of radii 1, 2.5 and 4 with one weight each, of 8, 20 and 32 components:
 * standard deviation 0.15 across, 0.7 of the spacing along.
 */
function rings(): MixtureDensity {
  return assemble(
    [1, 2.5, 4].flatMap((radius) => {
      const count = 8 * radius;
      const spacing = (2 * Math.PI * radius) / count;
      return range(count).map((k) => {
        const angle = (2 * Math.PI * k) / count;
        return {
          weight: 1 / count,
          mean: polar(radius, angle),
          covariance: along(angle + Math.PI / 2, 0.7 * spacing, 0.15),
        };
      });
    }),
  );
}

/**
 * The eight dark squares, of side 2, of a 4 × 4 board on [−4, 4]², each of 4 × 4 round components
 * of standard deviation 0.3 at a spacing of 1/2: flat within 6 % inside, soft at its edges.
 */
function checkerboard(): MixtureDensity {
  const squares = range(4).flatMap((i) =>
    range(4)
      .filter((j) => (i + j) % 2 === 0)
      .map((j): Point => [2 * i - 4, 2 * j - 4]),
  );
  return assemble(
    squares.flatMap(([x, y]) =>
      range(16).map((k) => ({
        weight: 1,
        mean: [x + 0.25 + 0.5 * (k % 4), y + 0.25 + 0.5 * Math.floor(k / 4)],
        covariance: round(0.3),
      })),
    ),
  );
}

/**
 * The spiral of radius θ/3 for θ from π/2 to 9π/2 in 64 components, evenly spaced along the curve:
 * standard deviation 0.15 across, 0.7 of the spacing along.
 */
function swissRoll(): MixtureDensity {
  const [first, last] = [Math.PI / 2, (9 * Math.PI) / 2];
  // Arc length of r = θ/3 from 0: (θ√(1+θ²) + asinh θ)/6.
  const length = (angle: number) => (angle * Math.hypot(1, angle) + Math.asinh(angle)) / 6;
  const spacing = (length(last) - length(first)) / 64;
  return assemble(
    range(64).map((k) => {
      const target = length(first) + (k + 0.5) * spacing;
      let angle = (first + last) / 2;
      // Newton's method; the derivative of the length is √(1+θ²)/3.
      for (let i = 0; i < 40; i++) angle -= (3 * (length(angle) - target)) / Math.hypot(1, angle);
      return {
        weight: 1,
        mean: polar(angle / 3, angle),
        covariance: along(angle + Math.atan(angle), 0.7 * spacing, 0.15),
      };
    }),
  );
}

/**
 * Neal's funnel (Neal 2003, section 8) in the plane, v ~ N(0, 3²) and x | v ~ N(0, e^v), with v
 * spread over 73 components a quarter apart, of standard deviation 0.3 in v and e^(v/2) in x. Their
 * weights make the law of v N(0, 3²) within 1 %, cut at |v| = 9; given v, x is a mixture of the
 * neighbours' widths.
 */
function funnel(): MixtureDensity {
  const [deviation, width] = [3, 0.3];
  const variance = deviation * deviation - width * width;
  return assemble(
    range(73).map((k) => {
      const v = (k - 36) / 4;
      return {
        weight: Math.exp((-v * v) / (2 * variance)),
        mean: [v, 0],
        covariance: [
          [width * width, 0],
          [0, Math.exp(v)],
        ],
      };
    }),
  );
}

const targets: Readonly<Record<string, () => MixtureDensity>> = {
  'eight-gaussians': eightGaussians,
  'two-moons': twoMoons,
  rings,
  checkerboard,
  'swiss-roll': swissRoll,
  funnel,
};

/** Names that `findTarget` knows. */
export const targetNames: readonly string[] = Object.keys(targets);

/**
 * Finds a standard density of the plane by name.
 *
 * @throws UserError for an unknown name, with the nearest one.
 */
export function findTarget(name: string): MixtureDensity {
  const make = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (make) return make();
  throw new UserError(
    `density: there is no "${name}"; the names are ${targetNames.join(', ')}.${didYouMean(name, targetNames)}`,
  );
}

/** The mixture, its weights divided by their sum and its mean moved to the origin. */
function assemble(components: readonly Component[]): MixtureDensity {
  const total = components.reduce((sum, { weight }) => sum + weight, 0);
  const centre = [0, 1].map(
    (i) => components.reduce((sum, { weight, mean }) => sum + weight * mean[i]!, 0) / total,
  );
  return mixture({
    weights: components.map(({ weight }) => weight / total),
    means: components.map(({ mean }) => mean.map((value, i) => value - centre[i]!)),
    covariances: components.map(({ covariance }) => covariance),
  });
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k);
}

function polar(radius: number, angle: number): Point {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function round(deviation: number): Covariance {
  return along(0, deviation, deviation);
}

/** Standard deviation `long` in the direction of `angle` and `across` at a right angle to it. */
function along(angle: number, long: number, across: number): Covariance {
  const [c, s] = polar(1, angle);
  const [a, b] = [long * long, across * across];
  const covariance = (a - b) * c * s;
  return [
    [a * c * c + b * s * s, covariance],
    [covariance, a * s * s + b * c * c],
  ];
}
