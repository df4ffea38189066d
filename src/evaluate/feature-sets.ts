/**
 * What the measures on sets of features share: checks, and products in double precision by the
 * engine.
 */
import { UserError } from '../errors.ts';
import { compile, input, matMul, type Program, type Tensor } from '../graph/index.ts';

/** Options of every measure that computes on the engine. */
export interface EngineOptions {
  /** Threads on the CPU; default: every core. */
  readonly threads?: number | undefined;
}

/**
 * Counts the rows of features `[n, D]` and checks them.
 *
 * @param needed fewest rows that the measure is defined for.
 * @throws UserError for a dimension that is none, a partial row, too few rows, or the first number
 *   that is not finite.
 */
export function checkFeatures(
  name: string,
  features: Float32Array,
  dimension: number,
  needed = 1,
): number {
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw new UserError(
      `${name}: dimension ${dimension} is no number of features; give a whole number of at least 1`,
      { facts: { option: 'dimension', value: dimension, least: 1 } },
    );
  }
  if (features.length % dimension !== 0) {
    throw new UserError(
      `${name}: ${features.length} values are no whole rows of ${dimension}; check the shape`,
      { code: 'shape', facts: { set: name, dimension, values: features.length } },
    );
  }
  const count = features.length / dimension;
  if (count < needed) {
    throw new UserError(`${name}: ${count} examples; at least ${needed} are needed, give more`, {
      facts: { set: name, count, least: needed },
    });
  }
  for (let at = 0; at < features.length; at++) {
    if (Number.isFinite(features[at]!)) continue;
    throw new UserError(
      `${name}: example ${Math.floor(at / dimension)}, feature ${at % dimension} is ${features[at]}; every feature must be finite`,
      {
        facts: {
          set: name,
          example: Math.floor(at / dimension),
          feature: at % dimension,
          value: features[at],
        },
      },
    );
  }
  return count;
}

/** A matrix product of fixed shapes in double precision. */
export interface Product {
  /** The result belongs to the product: its next call overwrites it. */
  run(a: Float64Array, b: Float64Array): Promise<Float64Array>;
  release(): Promise<void>;
}

export interface ProductShape extends EngineOptions {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** a is given as `[inner, rows]`. */
  readonly transposeA?: boolean;
  /** b is given as `[columns, inner]`. */
  readonly transposeB?: boolean;
}

/** Compiles [rows, inner]·[inner, columns] → [rows, columns]. */
export async function compileProduct(shape: ProductShape): Promise<Product> {
  const { rows, inner, columns, transposeA = false, transposeB = false, threads } = shape;
  const a = input('a', transposeA ? [inner, rows] : [rows, inner], 'float64');
  const b = input('b', transposeB ? [columns, inner] : [inner, columns], 'float64');
  const program = await compileDouble(
    { a, b },
    { y: matMul(a, b, { transposeA, transposeB }) },
    threads,
  );
  return {
    run: async (a, b) => (await program({ a, b })).y as Float64Array,
    release: program.release,
  };
}

/** Computes one product; see `compileProduct`. */
export async function product(
  a: Float64Array,
  b: Float64Array,
  shape: ProductShape,
): Promise<Float64Array> {
  const compiled = await compileProduct(shape);
  try {
    return await compiled.run(a, b);
  } finally {
    await compiled.release();
  }
}

/** Compiles for the CPU, which alone computes in double precision. */
export function compileDouble<I extends Readonly<Record<string, Tensor>>>(
  inputs: I,
  outputs: Readonly<Record<string, Tensor>>,
  threads: number | undefined,
): Promise<Program<I, Readonly<Record<string, Tensor>>>> {
  return compile({ inputs, outputs, device: 'cpu', ...(threads !== undefined && { threads }) });
}
