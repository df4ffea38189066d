/**
 * Picks multiples of 1, 2 or 5 times a power of ten, evenly spaced within limits.
 *
 * @param about How many are wanted; those given are within a factor of 2 or so.
 */
export function linearTicks(low: number, high: number, about: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5].find((candidate) => raw <= candidate * power * 1.2) ?? 10;
  const step = factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Steps within a decade, the finest first: the first that does not crowd an axis is taken. */
const withinDecade = [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 5], [1, 3], [1]] as const;

/** Most ticks of a logarithmic axis. */
const MOST = 9;

/**
 * Picks round numbers on a logarithmic axis: several in each decade where few are spanned, else
 * powers of ten.
 */
export function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / MOST));
  const decades = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  for (const steps of withinDecade) {
    const used = steps.length === 1 ? decades.filter((decade) => decade % every === 0) : decades;
    const ticks = used
      .flatMap((decade) => steps.map((step) => Number((step * 10 ** decade).toPrecision(3))))
      .filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
    if (ticks.length <= MOST) return ticks.length > 1 ? ticks : [low, high];
  }
  return [low, high];
}

/** Shortens a number for an axis: 12,000 → `12k`, 0.0015 → `0.0015`. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  if (size > 0 && size < 1e-4) return value.toExponential();
  return String(Number(value.toPrecision(6)));
}
