/**
 * Remembers a function's results by its arguments, so that the emitter meets the same array again.
 */
export function memoize<A extends readonly number[], R>(
  compute: (...args: A) => R,
): (...args: A) => R {
  const known = new Map<string, R>();
  return (...args) => {
    const key = args.join();
    const result = known.get(key) ?? compute(...args);
    known.set(key, result);
    return result;
  };
}
