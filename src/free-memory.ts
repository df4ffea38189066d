/** Counts the bytes free for this process; none where that is not known, as in a browser. */
export function freeMemory(): number | undefined {
  if (typeof process === 'undefined' || !process.versions?.node) return undefined;
  const { freemem, totalmem } = process.getBuiltinModule('node:os');
  // macOS counts as free only what was never used.
  if (process.platform === 'darwin') return totalmem();
  // A container's own count takes files it has read for used memory.
  const limit = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.min(freemem(), limit - process.memoryUsage.rss());
}

/** Writes a number of bytes for people: `12 GB`. */
export const gigabytes = (bytes: number): string =>
  `${bytes < 1e10 ? (bytes / 1e9).toPrecision(2) : Math.round(bytes / 1e9)} GB`;
