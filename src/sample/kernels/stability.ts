/**
 * The linear steps that kernels share on a Gaussian; see `density/stability.ts` for what follows
 * from one.
 */
import type { LinearStability } from '../../density/stability.ts';
import { meanKept } from './langevin.ts';

/**
 * `sachs`, `baoab`: T = (1 + c)(1 − a/2), D = c with c = e^{−γδ}. Stable for a < 4 at any friction.
 */
export const verletStability: LinearStability = {
  step(a, friction) {
    const keep = Math.exp(-friction);
    return { trace: (1 + keep) * (1 - a / 2), determinant: keep };
  },
  limit: () => 4,
};

/**
 * `ubu`: T = 1 + c − a(1 − c)/f, D = c with c = e^{−γδ}, f = γδ. Stable for a < 2f coth(f/2).
 */
export const ubuStability: LinearStability = {
  step(a, friction) {
    const keep = Math.exp(-friction);
    return { trace: 1 + keep - a * meanKept(friction), determinant: keep };
  },
  limit: (friction) => (2 * (1 + Math.exp(-friction))) / meanKept(friction),
};

/** `ula`, `baoab-limit`: y alone, by 1 − a/2. Stable for a < 4; friction plays no part. */
export const overdampedStability: LinearStability = {
  step: (a) => ({ trace: 1 - a / 2, determinant: 0 }),
  limit: () => 4,
};

/**
 * `cheng`, with c = e^{−γδ}, f = γδ, A = a(f − 1 + c)/f², B = a(1 − c)²/f²: T = 1 + c − A,
 * D = c(1 − A) + B. Stable for B − cA < 1 − c and (1 + c)A − B < 2(1 + c).
 */
export const chengStability: LinearStability = {
  step(a, friction) {
    const { keep, drift, kick } = chengFactors(friction);
    return { trace: 1 + keep - a * drift, determinant: keep * (1 - a * drift) + a * kick };
  },
  limit(friction) {
    const { keep, drift, kick } = chengFactors(friction);
    // A = a · drift and B = a · kick, so that both conditions bound a = uδ²λ.
    const energy =
      kick > keep * drift ? (1 - keep) / (kick - keep * drift) : Number.POSITIVE_INFINITY;
    const turn = (1 + keep) * drift - kick;
    const sign = turn > 0 ? (2 * (1 + keep)) / turn : Number.POSITIVE_INFINITY;
    return Math.min(energy, sign);
  },
};

/** c, (f − 1 + c)/f² and (1 − c)²/f²; the limits at f = 0 are 1, 1/2 and 1. */
function chengFactors(friction: number): {
  readonly keep: number;
  readonly drift: number;
  readonly kick: number;
} {
  const keep = Math.exp(-friction);
  if (friction < 1e-3) {
    // Taylor series: the closed form loses all its digits here.
    const drift = 1 / 2 - friction / 6 + (friction * friction) / 24;
    return { keep, drift, kick: 1 - friction + (7 / 12) * friction * friction };
  }
  const lost = -Math.expm1(-friction);
  const square = friction * friction;
  return { keep, drift: (friction - lost) / square, kick: (lost * lost) / square };
}
