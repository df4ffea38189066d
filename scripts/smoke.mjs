// Opens the example model with the built package and takes three steps of a walk: for any runtime that
// loads native modules. `node scripts/smoke.mjs`, `bun scripts/smoke.mjs`, `deno run -A scripts/smoke.mjs`.
import { fileURLToPath } from 'node:url';
import { openModel, walkJump } from '../dist/index.mjs';

const path = fileURLToPath(new URL('../models/mnist', import.meta.url));
const model = await openModel(path, { device: 'cpu' });
let jumps = 0;
for await (const { xhat } of walkJump(model, { chains: 2, steps: 3, seed: 1 })) {
  if (!xhat.every(Number.isFinite)) throw new Error('a jump is not finite');
  jumps++;
}
await model.release();
if (jumps !== 3) throw new Error(`${jumps} jumps in place of 3`);
const runtime = globalThis.Bun ? 'Bun' : globalThis.Deno ? 'Deno' : 'Node';
console.log(`${runtime}: ${jumps} jumps of ${path}`);
