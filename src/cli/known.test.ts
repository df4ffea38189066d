import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../data/node/index.ts';
import { type Denoiser, guided } from '../density/index.ts';
import { type ConditionalFamily, openDenoiser } from '../model/index.ts';
import { collect, fixedGuide, steeredAt, type WalkJumpOptions, walkJump } from '../sample/index.ts';
import { mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const learn = ['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'];
const [run, family] = [at('run'), at('family')];
const short = ['--chains', '3', '--steps', '6', '--jump-every', '3', '--seed', '5'];
const walk = { chains: 3, steps: 6, jumpEvery: 3, seed: 5 };

/** The upper half of a picture, and what is open. */
const half = Float32Array.from({ length: 64 }, (_, i) => (i < 32 ? (i % 8) / 8 : Number.NaN));
const fixed = { mask: Uint8Array.from(half, (x) => (Number.isNaN(x) ? 0 : 1)), values: half };

beforeAll(async () => {
  await mdensityJson(...learn, '--sigma', '0.4', '--steps', '2', '--out', run);
  await mdensityJson(
    ...[...learn, '--sigmas', '0.2..1.6', '--condition', 'class', '--steps', '2'],
    ...['--out', family],
  );
  await writeNpy(at('half.npy'), half, [1, 8, 8]);
});

async function sampled(model: string, ...options: readonly string[]): Promise<Float32Array> {
  await mdensityJson('sample', '--model', model, '--out', at('a.npy'), ...short, ...options);
  return (await readNpy(at('a.npy'))).data as Float32Array;
}

async function ofLibrary(model: Denoiser, options: Partial<WalkJumpOptions> = {}) {
  return (await collect(walkJump(model, { ...walk, ...options }))).data;
}

const open = async (of: string) =>
  (await openDenoiser(await readFile(join(of, 'model.onnx')), of)) as Denoiser & ConditionalFamily;

test('what is known is measured once and kept, as walkJump keeps it', async () => {
  const found = await sampled(run, '--known', at('half.npy'));
  expect(found).toEqual(await ofLibrary(await open(run), { fixed }));
  for (let row = 0; row < found.length / 64; row++) {
    expect(found.subarray(64 * row, 64 * row + 32)).toEqual(half.subarray(0, 32));
  }
  // A family, which is else walked one measurement after another, is walked jointly.
  const measured = await sampled(family, '--known', at('half.npy'), '--sigma', '0.5');
  expect(measured).toEqual(await ofLibrary((await open(family)).at(0.5), { fixed }));
});

test('what is known is held within noise, in any walk', async () => {
  const holding = ['--known', at('half.npy'), '--known-noise', '0.5'];
  const model = await open(run);
  const guides = [fixedGuide(fixed, 0.5)];
  expect(await sampled(run, ...holding)).toEqual(await ofLibrary(guided(model, { guides })));
  const sequential = await sampled(family, ...holding, '--walk', 'sequential');
  expect(sequential).toHaveLength(3 * 2 * 64);
  expect(sequential).not.toEqual(await sampled(family, '--walk', 'sequential'));
});

test('guidance leads to the class of each chain and beyond, also one after another', async () => {
  const told = ['--class', '3,4', '--sigma', '0.5'];
  const joint = [...told, '--walk', 'joint'];
  const [plain, one] = [await sampled(family, ...joint), [...joint, '--guidance', '1']];
  expect(await sampled(family, ...one)).toEqual(plain);
  const model = await open(family);
  const condition = { class: [3, 4, 3] };
  const steered = steeredAt((sigma, own) => model.at(sigma, own), { condition, guidance: 4 });
  const far = await sampled(family, ...joint, '--guidance', '4');
  expect(far).toEqual(await ofLibrary(steered(0.5)));
  expect(far).not.toEqual(plain);
  const drawn = await sampled(family, ...told, '--guidance', '4');
  expect(drawn).not.toEqual(await sampled(family, ...told));
});

test('refuses, in one line, what cannot be kept or guided', async () => {
  await writeNpy(at('small.npy'), new Float32Array(4), [4]);
  await writeNpy(at('full.npy'), new Float32Array(64), [1, 8, 8]);
  await writeNpy(at('open.npy'), new Float32Array(64).fill(Number.NaN), [1, 8, 8]);
  const known = at('half.npy');
  for (const [model, options, line] of [
    [run, ['--known', at('small.npy')], /small\.npy: has 4 values, .* has 64; give one$/],
    [run, ['--known', at('full.npy')], /full\.npy: is known everywhere/],
    [run, ['--known', at('open.npy')], /open\.npy: is NaN everywhere/],
    [run, ['--known-noise', '1'], /^--known-noise: is of what is known, and nothing is/],
    [run, ['--guidance', '2'], /^--guidance: leads to a class, and none is given/],
    [run, ['--known', known, '--template', 'A'], /^--template: is for models of sequences/],
    [family, ['--class', '1', '--guidance', '2', '--served'], /^--served: is how mdensity serve/],
    [
      family,
      ['--known', known, '--walk', 'sequential'],
      /^--known: is measured once in walks .* give --known-noise$/,
    ],
  ] as const) {
    const args = ['sample', '--model', model, '--out', at('no.npy'), ...short, ...options];
    expect(await refusal(...args)).toMatch(line);
  }
});
