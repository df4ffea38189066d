import { gps } from './gps.ts';
import { gpsEnergy } from './gps-energy.ts';
import { mdae } from './mdae.ts';
import { mem } from './mem.ts';
import { memQuadratic } from './mem-quadratic.ts';
import { muvb } from './muvb.ts';
import { poisson } from './poisson.ts';
import { poissonEnergy } from './poisson-energy.ts';

export type { NetworkKind, Parametrization } from './parametrization.ts';

/** Ways to learn an M-density, by name. */
export const parametrizations = {
  gps,
  'gps-energy': gpsEnergy,
  mem,
  'mem-quadratic': memQuadratic,
  mdae,
  muvb,
  poisson,
  'poisson-energy': poissonEnergy,
} as const;

export type ParametrizationName = keyof typeof parametrizations;
