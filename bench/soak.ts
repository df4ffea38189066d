/**
 * `npm run soak`: trains, or samples, over and over in one process, and looks at what that process
 * holds: memory, open files. Each round makes its sessions, works and releases them. Ends with 1
 * where memory grows by more than allowed, or files stay open.
 */
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  collect,
  gaussian,
  loadDataset,
  openModel,
  presets,
  train,
  walkJump,
} from '../src/index.ts';

const usage = `usage: npm run soak -- train|sample [--seconds 7200] [--share 1] [--allowed 20]
  --share: of the time at work, the rest is waited for, so that other things can run beside it.
  --allowed: MB that memory may grow by in an hour, over the second half of the rounds.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '7200' },
    share: { type: 'string', default: '1' },
    allowed: { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, share, allowed] = [values.seconds, values.share, values.allowed].map(Number) as [
  number,
  number,
  number,
];
const work = positionals[0] ?? '';

/** What is done in a round; it resolves with how much of it, in its unit. */
const rounds: Readonly<Record<string, { unit: string; round: () => Promise<number> }>> = {
  train: {
    unit: 'steps',
    round: async () => {
      const digits = await loadDataset('digits8');
      const noise = gaussian({ sigma: 0.5, measurements: 1 });
      const trained = await train(digits, { network: presets.digits8, noise, steps: 200 });
      await trained.model.release();
      return trained.checkpoint.step;
    },
  },
  sample: {
    unit: 'steps of 50 chains',
    round: async () => {
      const model = await openModel(fileURLToPath(new URL('../models/mnist', import.meta.url)));
      await collect(walkJump(model, { chains: 50, steps: 60, jumpEvery: 20 }));
      await model.release();
      return 60;
    },
  },
};
const chosen = Object.hasOwn(rounds, work) ? rounds[work] : undefined;
if (values.help || chosen === undefined || !(seconds > 0) || !(share > 0) || !(allowed > 0)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

interface Look {
  readonly hours: number;
  readonly resident: number;
  readonly files: number;
}

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;

function look(): Look {
  globalThis.gc?.();
  const folder = '/proc/self/fd';
  const files = existsSync(folder) ? readdirSync(folder).length : 0;
  return { hours: elapsed() / 3600, resident: process.memoryUsage.rss() / 1e6, files };
}

/** Least squares: MB in an hour, and its standard error from what the line leaves. */
function slopeOf(looks: readonly Look[]): { slope: number; error: number } {
  const n = looks.length;
  const mean = (of: (one: Look) => number) => looks.reduce((sum, one) => sum + of(one), 0) / n;
  const [x, y] = [mean(({ hours }) => hours), mean(({ resident }) => resident)];
  const spread = looks.reduce((sum, { hours }) => sum + (hours - x) ** 2, 0);
  const slope =
    looks.reduce((sum, { hours, resident }) => sum + (hours - x) * (resident - y), 0) / spread;
  const left = looks.reduce(
    (sum, { hours, resident }) => sum + (resident - y - slope * (hours - x)) ** 2,
    0,
  );
  return { slope, error: Math.sqrt(left / (n - 2) / spread) };
}

const looks: Look[] = [];
let done = 0;
let told = 0;
while (elapsed() < seconds || looks.length < 8) {
  const start = performance.now();
  done += await chosen.round();
  await sleep((performance.now() - start) * Math.max(0, 1 / share - 1));
  looks.push(look());
  if (elapsed() - told < 60 && told > 0) continue;
  told = elapsed();
  const { resident, files } = looks.at(-1)!;
  const left = Math.max(0, seconds - told);
  console.log(
    `${Math.round(told)} s, ${Math.round(left)} s left: ${looks.length} rounds, ${done} ${chosen.unit}, ${resident.toFixed(0)} MB, ${files} open files`,
  );
}
const later = looks.slice(looks.length >> 1);
const { slope, error } = slopeOf(later);
const leaked = later.at(-1)!.files - later[0]!.files;
console.log(
  `${work}: ${looks.length} rounds, ${done} ${chosen.unit} in ${(elapsed() / 3600).toFixed(2)} h; memory ${later[0]!.resident.toFixed(0)} → ${later.at(-1)!.resident.toFixed(0)} MB, ${slope.toFixed(1)} ± ${error.toFixed(1)} MB an hour over the second half; ${leaked} more open files`,
);
process.exitCode = slope - 2 * error > allowed || leaked > 0 ? 1 : 0;
