import { compile, input, matMul, reduceMax } from '../src/graph/index.ts';
import { fillNormal, randomKey } from '../src/random.ts';
import type { Case } from './measure.ts';

/** Normal numbers from a fixed seed. */
export function values(size: number): Float32Array {
  const data = new Float32Array(size);
  fillNormal(randomKey(7), size, data);
  return data;
}

/** The yardstick: a product of two 1024 × 1024 matrices, in operations. */
export async function matmulCase(): Promise<Case> {
  const size = 1024;
  const [a, b] = [input('a', [size, size]), input('b', [size, size])];
  // Reduced to one number: handing a large result out is no part of the product.
  const program = await compile({
    inputs: { a, b },
    outputs: { y: reduceMax(matMul(a, b)) },
    device: 'cpu',
  });
  const fed = { a: values(size * size), b: values(size * size) };
  return { name: 'matMul 1024', work: 2 * size ** 3, run: () => program(fed) };
}
