/** Gaussian components of a mixture: the numerics behind `gaussian` and `mixture`. */
import { UserError } from '../errors.ts';
import { fillNormal, foldKey, type Key } from '../random.ts';
import type { CovarianceParts } from './covariance.ts';
import {
  checkSmoothing,
  type PointFunction,
  type SmoothedDensity,
  smoothedDensity,
} from './density.ts';
import { drawIndex, uniforms } from './draws.ts';
import { expBelowZero, NEGLIGIBLE } from './exponential.ts';

/** K Gaussians N(μ_k, C_k) in R^d with weights w_k. */
export interface Components {
  readonly dimension: number;
  /** w, `[K]`, sums to one. */
  readonly weights: Float64Array;
  /** μ, `[K, d]`. */
  readonly means: Float64Array;
  /** C_k taken apart, K of them. */
  readonly covariances: readonly CovarianceParts[];
}

/**
 * Draws exactly from Σ w_k N(μ_k, C_k): a component by its weight, then μ_k + L_k ε.
 *
 * @returns x, `[n, d]`.
 */
export function sampleComponents(components: Components, key: Key, n: number): Float64Array {
  const { dimension: d, weights, means, covariances } = components;
  const cumulative = weights.slice();
  for (let k = 1; k < cumulative.length; k++) cumulative[k]! += cumulative[k - 1]!;
  const choices = uniforms(foldKey(key, 0), n);
  const noise = new Float64Array(n * d);
  fillNormal(foldKey(key, 1), 0, noise);
  const x = new Float64Array(n * d);
  for (let row = 0; row < n; row++) {
    const k = drawIndex(cumulative, choices[row]!);
    const { factor } = covariances[k]!;
    for (let i = 0; i < d; i++) {
      let value = means[k * d + i]!;
      for (let j = 0; j <= i; j++) value += factor[i * d + j]! * noise[row * d + j]!;
      x[row * d + i] = value;
    }
  }
  return x;
}

/**
 * Smooths the mixture by noise σ̃: Σ w_k N(z; μ_k, C_k + σ̃²I), its logarithm by a stable
 * log-sum-exp, its score Σ r_k P_k (μ_k − z) with P_k = (C_k + σ̃²I)⁻¹.
 *
 * @param sigma σ̃ of 0 or more, in units of x.
 *
 * @throws UserError unless σ̃ is finite and at least 0, and above 0 where a covariance is singular.
 */
export function smoothComponents(components: Components, sigma: number): SmoothedDensity {
  checkSmoothing(sigma);
  const smoothed = smoothedComponents(components, sigma * sigma);
  const evaluate = components.dimension === 2 ? planeFunction(smoothed) : pointFunction(smoothed);
  return smoothedDensity(components.dimension, sigma, evaluate);
}

/** @throws UserError for a singular covariance without noise: it has no density. */
function checkRegular(component: number, [smallest]: Float64Array, variance: number): void {
  if (Number.isFinite(1 / (smallest! + variance))) return;
  throw new UserError(
    `sigma: the covariance of component ${component} is singular, and without noise it has no density; give sigma above 0`,
    { facts: { option: 'sigma', component } },
  );
}

interface SmoothedComponents {
  readonly dimension: number;
  /** μ, `[K, d]`. */
  readonly means: Float64Array;
  /** P_k, `[K, d, d]`. */
  readonly precisions: Float64Array;
  /** log w_k − ½ log det 2π(C_k + σ̃²I), `[K]`. */
  readonly logWeights: Float64Array;
}

/** Any dimension. */
function pointFunction(smoothed: SmoothedComponents): PointFunction {
  const { dimension: d, means, precisions, logWeights } = smoothed;
  const count = logWeights.length;
  const offset = new Float64Array(d);
  /** P_k (z − μ_k). */
  const pulls = new Float64Array(count * d);
  /** log w_k N(z; …). */
  const logits = new Float64Array(count);
  return (point, score) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const from = k * d;
      for (let i = 0; i < d; i++) offset[i] = point[i]! - means[from + i]!;
      let quadratic = 0;
      for (let i = 0; i < d; i++) {
        const row = (from + i) * d;
        let pull = 0;
        for (let j = 0; j < d; j++) pull += precisions[row + j]! * offset[j]!;
        pulls[from + i] = pull;
        quadratic += pull * offset[i]!;
      }
      const logit = logWeights[k]! - quadratic / 2;
      logits[k] = logit;
      if (logit > largest) largest = logit;
    }
    let sum = 0;
    score.fill(0);
    for (let k = 0; k < count; k++) {
      const gap = logits[k]! - largest;
      if (gap < NEGLIGIBLE) continue;
      const share = expBelowZero(gap);
      sum += share;
      for (let i = 0; i < d; i++) score[i]! -= share * pulls[k * d + i]!;
    }
    for (let i = 0; i < d; i++) score[i]! /= sum;
    return largest + Math.log(sum);
  };
}

/**
 * `pointFunction` in the plane, its coordinates written out and the six numbers of a component side
 * by side: several times as fast.
 */
function planeFunction({ means, precisions, logWeights }: SmoothedComponents): PointFunction {
  const count = logWeights.length;
  const table = new Float64Array(count * 6);
  for (let k = 0; k < count; k++) {
    const [xx, xy, , yy] = precisions.subarray(4 * k, 4 * k + 4);
    table.set([means[2 * k]!, means[2 * k + 1]!, xx!, xy!, yy!, logWeights[k]!], 6 * k);
  }
  /** P_k (z − μ_k) and log w_k N(z; …). */
  const work = new Float64Array(count * 3);
  return (point, score) => {
    const x = point[0]!;
    const y = point[1]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = 0, to = 0; at < table.length; at += 6, to += 3) {
      const u = x - table[at]!;
      const v = y - table[at + 1]!;
      const pullX = table[at + 2]! * u + table[at + 3]! * v;
      const pullY = table[at + 3]! * u + table[at + 4]! * v;
      const logit = table[at + 5]! - (pullX * u + pullY * v) / 2;
      work[to] = pullX;
      work[to + 1] = pullY;
      work[to + 2] = logit;
      if (logit > largest) largest = logit;
    }
    let sum = 0;
    let sumX = 0;
    let sumY = 0;
    for (let at = 0; at < work.length; at += 3) {
      const gap = work[at + 2]! - largest;
      if (gap < NEGLIGIBLE) continue;
      const share = expBelowZero(gap);
      sum += share;
      sumX -= share * work[at]!;
      sumY -= share * work[at + 1]!;
    }
    score[0] = sumX / sum;
    score[1] = sumY / sum;
    return largest + Math.log(sum);
  };
}

/** P_k = Q_k diag(1/(λ + σ̃²)) Q_kᵀ and the logarithms of the components' factors. */
function smoothedComponents(components: Components, variance: number): SmoothedComponents {
  const { dimension: d, weights, means, covariances } = components;
  const precisions = new Float64Array(weights.length * d * d);
  const logWeights = Float64Array.from(weights, Math.log);
  for (const [k, { eigenvalues, eigenvectors }] of covariances.entries()) {
    checkRegular(k, eigenvalues, variance);
    for (const value of eigenvalues) {
      logWeights[k]! -= Math.log(2 * Math.PI * (value + variance)) / 2;
    }
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let e = 0; e < d; e++) {
          const product = eigenvectors[i * d + e]! * eigenvectors[j * d + e]!;
          sum += product / (eigenvalues[e]! + variance);
        }
        precisions[(k * d + i) * d + j] = sum;
        precisions[(k * d + j) * d + i] = sum;
      }
    }
  }
  return { dimension: d, means, precisions, logWeights };
}
