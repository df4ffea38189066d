/**
 * `npm run fuzz`: damaged files for every reader. Ends with 1 where one hangs, swells, crashes or
 * misleads.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readers } from './readers.ts';
import { type Failure, inputOf } from './run.ts';
import { watch } from './watch.ts';

const usage = `usage: npm run fuzz -- [--reader NAME]... [--inputs 100000] [--seed 1] [--out fuzz-failures]
  Each input is a valid file, damaged; it may take 2 s of the processor and 1 GiB, and end in nothing but
  an error of ours of one line. Inputs that do otherwise are written to --out.
  readers: ${Object.keys(readers).join(', ')}`;

const { values } = parseArgs({
  options: {
    reader: { type: 'string', multiple: true, default: Object.keys(readers) },
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'fuzz-failures' },
    help: { type: 'boolean', default: false },
  },
});
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
const unknown = values.reader.find((name) => !Object.hasOwn(readers, name));
if (values.help || unknown !== undefined || !(inputs >= 1) || !(seed >= 0)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

let failed = 0;
for (const reader of values.reader) {
  const sources = await readers[reader]!.sources();
  const save = ({ index, kind, detail }: Failure) => {
    mkdirSync(values.out, { recursive: true });
    const path = join(values.out, `${reader}-${seed}-${index}`);
    writeFileSync(path, inputOf(sources, seed, index));
    console.log(`${reader} ${index}: ${kind}: ${detail} (${path})`);
  };
  const start = performance.now();
  const report = await watch({ reader, seed, inputs, onFailure: save });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  failed += report.failures;
  console.log(
    `${reader.padEnd(14)} ${report.inputs} inputs: ${report.read} read, ${report.refused} refused, ${report.failures} failures; ${report.memory.toFixed(0)} MiB at most, ${seconds} s`,
  );
}
process.exitCode = failed > 0 ? 1 : 0;
