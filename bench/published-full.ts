/**
 * Holds networks of published size against what the original code makes of them: `tsx
 * bench/published-full.ts FILE`, the cases that `bench/peers/edm_fixtures.py --full` wrote, or
 * `pretrained_fixtures.py --large`, beside the networks.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sizeOf } from '../src/graph/index.ts';
import { exportDenoiser, openDenoiser } from '../src/model/index.ts';
import { findRecipe, readPretrained } from '../src/model/pretrained/index.ts';
import { noisyImage, type PublishedCase } from '../src/model/pretrained/testing.ts';
import { readPublished } from '../src/run/pretrained/read-published.ts';

const [list = 'expected.json'] = process.argv.slice(2);
const { cases } = JSON.parse(readFileSync(list, 'utf8')) as {
  readonly cases: readonly PublishedCase[];
};
for (const { name, shape, label, levels } of cases) {
  const place = join(dirname(list), name);
  const recipe = findRecipe(existsSync(place) ? 'diffusers' : 'edm');
  const published = await readPublished(existsSync(place) ? place : `${place}.pkl`);
  const { config, parameters } = readPretrained(published, { recipe });
  const file = await openDenoiser(exportDenoiser(config, parameters), name);
  if (file.rate !== undefined) throw new Error('a diffusion model sees no counts');
  const condition = typeof label === 'number' ? { class: label } : {};
  const errors: string[] = [];
  for (const { sigma, output } of levels) {
    const xhat = new Float32Array(sizeOf(shape));
    await file.at(sigma, condition).denoise(noisyImage(sigma, xhat.length), xhat);
    const scale = Math.max(1, ...output.map(Math.abs));
    const worst = Math.max(...output.map((value, i) => Math.abs(value - xhat[i]!) / scale));
    errors.push(`σ̃ ${sigma}: ${worst.toExponential(1)}`);
    if (!(worst < 1e-4)) process.exitCode = 1;
  }
  await file.release();
  console.log(`${name}: ${parameters.length} parameters; largest error at ${errors.join(', ')}`);
}
