import { distance } from 'fastest-levenshtein';

/**
 * Writes the end of an error about an unknown name: ` Did you mean "mnist"?`, with its leading
 * space, or `''` where no candidate is near. Near is at most two edits in five letters of the
 * longer name, case apart; letters that only lack at one end of the name (`gpu` of `webgpu`) count
 * half.
 */
export function didYouMean(name: string, candidates: readonly string[]): string {
  let best = '';
  let bestShare = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const [given, known] = [name.toLowerCase(), candidate.toLowerCase()];
    const isEnd = given.length > 2 && (known.endsWith(given) || known.startsWith(given));
    const edits = distance(given, known) / (isEnd ? 2 : 1);
    const share = edits / Math.max(name.length, candidate.length, 1);
    if (share < bestShare) [best, bestShare] = [candidate, share];
  }
  return bestShare <= 0.4 ? ` Did you mean "${best}"?` : '';
}
