/**
 * Writes f of each number of a source into an array, and returns it. Unlike `from` of typed arrays,
 * which lists the source first, it takes any length that memory holds.
 */
export function mapInto<A extends { [index: number]: number }, V extends number | bigint>(
  out: A,
  source: ArrayLike<V>,
  f: (value: V, index: number) => number,
): A {
  for (let i = 0; i < source.length; i++) out[i] = f(source[i]!, i);
  return out;
}
