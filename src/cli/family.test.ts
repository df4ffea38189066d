import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy } from '../data/index.ts';
import type { RunRecord } from '../run/index.ts';
import { mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const learn = ['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'];
const family = at('family');
const walk = ['--chains', '4', '--steps', '2', '--jump-every', '1'];

beforeAll(async () => {
  await mdensityJson(
    ...[...learn, '--sigmas', '0.2..1.6', '--condition', 'class', '--steps', '2'],
    ...['--validation', '20', '--validate-every', '1', '--out', family],
  );
});

const modelOf = async (run: string) =>
  (JSON.parse(await readFile(join(run, 'run.json'), 'utf8')) as RunRecord).model;

describe('train', () => {
  test('--sigmas learns a range with the preconditioned view, and says its losses by level', async () => {
    expect(await modelOf(family)).toMatchObject({
      parametrization: 'gps',
      view: 'preconditioned',
      noise: { type: 'gaussian', sigma: 1.6, measurements: 16, levels: { from: 0.2, to: 1.6 } },
      condition: { type: 'class', classes: 10, dropout: 0.1 },
    });
    const lines = (await readFile(join(family, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const found = lines.findLast((line) => line.includes('validationLoss'))!;
    for (const end of ['', '@0.2', '@0.4', '@0.8', '@1.6']) {
      expect(found).toContain(`"validationLoss${end}":`);
    }
  });

  test('--members learns the set σ/√t', async () => {
    const run = at('members');
    const asked = ['--members', '1..4', '--sigma', '1', '--steps', '1', '--out', run];
    await mdensityJson(...learn, ...asked);
    const { noise } = await modelOf(run);
    const values = [4, 3, 2, 1].map((t) => 1 / Math.sqrt(t));
    expect(noise).toEqual({ type: 'gaussian', sigma: 1, measurements: 4, levels: { values } });
    const again = ['train', '--out', run, '--resume'];
    expect(await mdensityJson(...again, '--members', '1..4')).toMatchObject({ finished: true });
    expect(await refusal(...again, '--members', '1..5')).toMatch(
      /^--members: the run in .* has the/,
    );
    expect(await refusal(...again, '--condition', 'class')).toMatch(
      /^--condition: the run .* none/,
    );
  });

  test.each([
    [['--sigmas', '1.6..0.2'], /^--sigmas: the range is empty or reversed/],
    [['--sigmas', '0.5..0.5'], /^--sigmas: the range is empty or reversed/],
    [['--sigmas', '0..1'], /^--sigmas: give noise levels above 0/],
    [['--sigmas', 'wide'], /^--sigmas: give noise levels above 0/],
    [['--members', '4..1'], /^--members: give two whole numbers from 1 up/],
    [['--members', '1..4', '--sigmas', '1,2'], /^--members: --sigmas says the levels already/],
    [['--sigmas', '0.5..1', '--sigma', '3'], /^--sigma 3 --measurements 1: is of the class 3,/],
    [['--sigmas', '0.5..1', '--rate', '3'], /^--rate 3: parametrization gps is of Gaussian noise/],
    [['--condition-dropout', '0.5'], /^--condition-dropout 0.5: there is no condition to drop/],
    [['--sigmas', '0.5..1', '--parametrization', 'mdae'], /^view preconditioned: parametrization/],
    [['--sigmas', '0.5..1', '--view', 'noise', '--parametrization', 'mdae'], /^levels: param/],
  ])('refuses %j before anything is learned', async (options, line) => {
    expect(await refusal(...learn, ...options, '--out', at('refused'))).toMatch(line);
  });

  test('refuses a condition that data do not have', async () => {
    await writeFile(at('points.npy'), encodeNpy(new Float32Array(40), [20, 2]));
    const points = ['train', '--net', 'mlp', '--data', at('points.npy'), '--condition', 'class'];
    expect(await refusal(...points, '--out', at('refused'))).toMatch(/ has no classes; /);
  });
});

describe('a family', () => {
  const sample = (name: string, ...options: string[]) =>
    mdensityJson<{ sigma: number }>(
      'sample',
      '--model',
      family,
      ...walk,
      ...options,
      '--out',
      at(name),
    );

  test('is walked at any member inside, and at none outside', async () => {
    expect(await sample('a.npy', '--sigma', '1', '--measurements', '4')).toMatchObject({
      sigma: 0.5,
    });
    expect(await sample('b.npy', '--sigma', '1')).toMatchObject({ sigma: 1 });
    expect(await sample('c.npy')).toMatchObject({ sigma: 0.4 });
    expect(
      await refusal('sample', '--model', family, '--sigma', '2', '--out', at('d.npy')),
    ).toMatch(/was trained at σ̃ from 0.2 to 1.6, not 2; /);
  });

  test('is walked under classes, which go to the chains in turn', async () => {
    const draw = async (name: string, classes: string) => {
      await sample(name, '--class', classes);
      return decodeNpy(await readFile(at(name)), name).data as Float32Array;
    };
    const [both, three, five] = [
      await draw('both.npy', '3,5'),
      await draw('three.npy', '3'),
      await draw('five.npy', '5'),
    ];
    const chain = (all: Float32Array, c: number) =>
      all.subarray((c * all.length) / 4, ((c + 1) * all.length) / 4);
    const apart = (a: Float32Array, b: Float32Array) =>
      a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
    expect(apart(chain(both, 0), chain(three, 0))).toBeLessThan(1e-4);
    expect(apart(chain(both, 1), chain(five, 1))).toBeLessThan(1e-4);
    expect(
      await refusal('sample', '--model', family, '--class', '10', '--out', at('d.npy')),
    ).toMatch(/class "10" is not there\. There are: 0, 1, /);
  });

  test('is exported at one level, and comes back from its weights', async () => {
    const fixed = at('fixed.onnx');
    const member = ['--sigma', '1', '--measurements', '4'];
    await mdensityJson('export', '--model', family, ...member, '--out', fixed);
    const from = ['sample', '--model', fixed, ...walk, '--out', at('f.npy')];
    expect(await mdensityJson(...from)).toMatchObject({ sigma: 0.5 });
    expect(await refusal(...from, '--sigma', '1')).toMatch(/was trained at σ̃ = 0.5, not 1; /);
    const weights = at('family.safetensors');
    await mdensityJson('export', '--model', family, '--out', weights);
    await mdensityJson('import', '--weights', weights, '--out', at('again.onnx'));
    const info = (file: string) => mdensityJson<{ model: unknown }>('info', file);
    expect(await info(at('again.onnx'))).toEqual(await info(join(family, 'model.onnx')));
    expect(
      await refusal('export', '--model', family, '--sigma', '4', '--out', at('no.onnx')),
    ).toMatch(/was trained at σ̃ from 0.2 to 1.6, not 4; /);
  });
});
