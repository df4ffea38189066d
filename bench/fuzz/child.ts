/**
 * One process that reads inputs of one reader; its parent watches it. Arguments: reader, seed,
 * first, end, file.
 */
import { openSync, writeSync } from 'node:fs';
import { readers } from './readers.ts';
import { type Counts, inputOf, tryInput } from './run.ts';

const [name = '', seed = '', first = '', end = '', progress = ''] = process.argv.slice(2);
const reader = readers[name]!;
const file = openSync(progress, 'w');
const place = Buffer.alloc(8);
const counts: Counts = { read: 0, refused: 0 };

const sources = await reader.sources();
const before = process.resourceUsage().maxRSS;
for (let index = Number(first); index < Number(end); index++) {
  const input = inputOf(sources, Number(seed), index);
  // Written before each input: where the process ends or hangs, this is which.
  place.writeDoubleLE(index);
  writeSync(file, place, 0, 8, 0);
  const problem = await tryInput(reader, input, counts);
  if (problem !== undefined) process.send!({ index, kind: 'error', detail: problem });
  // In kilobytes; the most so far.
  const grown = process.resourceUsage().maxRSS - before;
  if (grown > 2 ** 20) {
    process.send!({ index, kind: 'memory', detail: `${Math.round(grown / 1024)} MiB` });
    break;
  }
}
place.writeDoubleLE(-1);
writeSync(file, place, 0, 8, 0);
process.send!({ counts, rss: process.resourceUsage().maxRSS }, () => process.exit(0));
