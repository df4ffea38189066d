import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNpy, writeNpy } from '../data/node/index.ts';
import { exportOnnx, mul, slice, sqrt } from '../graph/index.ts';
import { encodeModel } from '../graph/onnx.ts';
import { mdensity, mdensityJson, refusal, withoutProgress, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const run = at('run');
const short = ['--chains', '3', '--steps', '6', '--jump-every', '3'];
const sample = (out: string, ...args: string[]) =>
  mdensityJson<{
    files: string[];
    draws: number;
    sigma: number;
    shape: number[];
    tuned?: { stepSize: number; friction: number };
  }>(...['sample', '--model', run, '--out', out, ...short, ...args]);

/** x̂ = ȳ/2, from elsewhere: without metadata. */
const foreign = at('half.onnx');

beforeAll(async () => {
  await mdensityJson(
    ...['train', '--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'],
    ...['--sigma', '0.4', '--steps', '2', '--out', run],
  );
  const names = { shape: [1, 8, 8], inputName: 'in', outputName: 'out' };
  await writeFile(foreign, exportOnnx({ build: (x) => mul(x, 0.5), ...names }));
});

describe('sample', () => {
  test('writes all jumps as NPY [chains, draws, ...shape], the same for the same seed', async () => {
    const result = await sample(at('a.npy'), '--seed', '7');
    expect(result).toMatchObject({ files: [at('a.npy')], draws: 2, shape: [1, 8, 8], sigma: 0.4 });
    const { shape, data } = await readNpy(at('a.npy'));
    expect(shape).toEqual([3, 2, 1, 8, 8]);
    expect((data as Float32Array).every(Number.isFinite)).toBe(true);
    await sample(at('same.npy'), '--seed', '7');
    await sample(at('other.npy'), '--seed', '8');
    const bytes = await readFile(at('a.npy'));
    expect((await readFile(at('same.npy'))).equals(bytes)).toBe(true);
    expect((await readFile(at('other.npy'))).equals(bytes)).toBe(false);
    // A run's model file is the run's model.
    await mdensityJson(
      ...['sample', '--model', join(run, 'model.onnx'), '--out', at('file.npy')],
      ...[...short, '--seed', '7'],
    );
    expect((await readFile(at('file.npy'))).equals(bytes)).toBe(true);
  });

  test('begins at examples, steers and tunes; the same for the same seed', async () => {
    await sample(at('plain.npy'));
    const first = (await readNpy(at('plain.npy'))).data as Float32Array;
    await writeNpy(at('one.npy'), new Float32Array(64).fill(0.25), [1, 8, 8]);
    const tuning = ['--tune', '--chains', '8'];
    for (const options of [
      ['--initial', at('one.npy')],
      ['--beta', '2'],
      ['--clip', '3'],
      tuning,
    ]) {
      const result = await sample(at('a.npy'), ...options);
      const bytes = await readFile(at('a.npy'));
      const { data } = await readNpy(at('a.npy'));
      expect((data as Float32Array).slice(0, 64)).not.toEqual(first.slice(0, 64));
      await sample(at('b.npy'), ...options);
      expect((await readFile(at('b.npy'))).equals(bytes)).toBe(true);
      expect(result.tuned !== undefined).toBe(options === tuning);
    }
  });

  test.each([
    [['--tune', '--chains', '4'], 'chains: 4 are too few'],
    [['--walk', 'sequential'], 'walk: sequential takes one measurement after another'],
    [['--initial', 'none.npy'], 'none.npy'],
  ])('refuses %j', async (options, part) => {
    const { code, stderr } = await mdensity(
      ...['sample', '--model', run, '--out', at('no.npy'), ...short, ...options],
    );
    expect(code).toBe(1);
    expect(stderr).toContain(part);
  });

  test('writes a grid as PNG', async () => {
    await sample(at('grid.PNG'));
    const { format, width, height, channels } = await sharp(at('grid.PNG')).metadata();
    expect({ format, channels }).toEqual({ format: 'png', channels: 1 });
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(56);
  });

  test('writes everything into a folder', async () => {
    const { files } = await sample(at('walk'), '--burn-in', '2');
    const names = ['chains.png', 'samples.png', 'xhat.npy', 'ybar.npy'];
    expect((await readdir(at('walk'))).sort()).toEqual(names);
    expect([...files].sort()).toEqual(names.map((name) => at('walk', name)));
    expect((await readNpy(at('walk', 'ybar.npy'))).shape).toEqual([3, 2, 1, 8, 8]);
  });

  test('walks other members of the class of a model that was trained at M = 1', async () => {
    await sample(at('m4.npy'), '--measurements', '4');
    await sample(at('m1.npy'));
    expect((await readNpy(at('m4.npy'))).shape).toEqual([3, 2, 1, 8, 8]);
    expect((await readFile(at('m4.npy'))).equals(await readFile(at('m1.npy')))).toBe(false);
    // σ = σ̃√M of the same class is no contradiction, another class is.
    await sample(at('m4-sigma.npy'), '--measurements', '4', '--sigma', '0.8');
    expect(await readFile(at('m4-sigma.npy'))).toEqual(await readFile(at('m4.npy')));
    const args = ['sample', '--model', run, '--out', at('never.npy'), '--sigma', '0.8'];
    expect(await refusal(...args)).toMatch(
      /trained at effective noise 0.4, not 0.8; leave --sigma/,
    );
  });

  test('takes a denoiser from elsewhere, whose noise level it must be told', async () => {
    const args = ['sample', '--model', foreign, '--out', at('foreign.npy'), ...short];
    expect(await refusal(...args)).toBe(
      `${foreign}: does not say its noise level; give it with --sigma`,
    );
    expect(await mdensityJson(...args, '--sigma', '0.5')).toMatchObject({ sigma: 0.5 });
    expect(await mdensityJson('info', foreign)).toEqual({
      shape: [1, 8, 8],
      model: 'from elsewhere: give --sigma to sample',
    });
  });

  test('takes a denoiser of a fixed batch, with any number of chains', async () => {
    const fixed = at('fixed.onnx');
    const value = { dtype: 'float32', shape: [2, 1, 8, 8] } as const;
    const half = { name: 'half', dtype: 'float32', shape: [], data: Float32Array.of(0.5) } as const;
    const bytes = encodeModel({
      nodes: [{ op: 'Mul', domain: '', inputs: ['a', 'half'], outputs: ['b'], attributes: {} }],
      constants: [half],
      inputs: [{ name: 'a', ...value }],
      outputs: [{ name: 'b', ...value }],
    });
    await writeFile(fixed, bytes);
    for (const [model, out] of [
      [fixed, 'fixed.npy'],
      [foreign, 'free.npy'],
    ] as const) {
      await mdensityJson('sample', '--model', model, '--sigma', '1', '--out', at(out), ...short);
    }
    expect((await readFile(at('fixed.npy'))).equals(await readFile(at('free.npy')))).toBe(true);
  });

  test('progress goes to stderr and the result to stdout', async () => {
    const args = ['sample', '--model', run, '--out', at('said.npy'), ...short];
    const { code, stdout, stderr } = await mdensity(...args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `wrote ${at('said.npy')}\n` });
    expect(stderr).toMatch(/walking .* 100% 18\/18/);
    expect(withoutProgress(stderr)).toEqual([]);
  });
});

describe('sample refuses, in one line,', () => {
  test.each([
    [['--sigma', '0'], /^--sigma: must be above 0/],
    [['--measurements', '0'], /^--measurements: must be at least 1/],
    [['--step-size', '-1'], /^--step-size: must be above 0/],
    [['--friction', '0'], /^--friction: must be above 0/],
    [['--kernel', 'sach'], /^--kernel: must be one of .*Did you mean "sachs"\?$/],
    [['--steps', '2'], /^--steps 2: no jump falls within; walk at least 3/],
    [['--out', 'samples.gif'], /^--out samples\.gif: cannot write \.gif; give a \.png, a \.npy/],
    [['--model', 'nowhere'], /^nowhere: no such run, model or file\. Give a run's directory/],
    [['--chain', '2'], /^unknown option '--chain' \(Did you mean --chains\?\)/],
  ])('%j', async (args, finds) => {
    const base = ['sample', '--model', run, '--out', at('never.npy'), ...short];
    expect(await refusal(...base, ...args)).toMatch(finds);
  });

  test('files that are no denoiser', async () => {
    const shape = [1, 8, 8];
    const value = { dtype: 'float32', shape } as const;
    const node = { op: 'Add', domain: '', attributes: {} };
    const twoInputs = encodeModel({
      nodes: [{ ...node, inputs: ['a', 'b'], outputs: ['c'] }],
      constants: [],
      inputs: [
        { name: 'a', ...value },
        { name: 'b', ...value },
      ],
      outputs: [{ name: 'c', ...value }],
    });
    const narrower = exportOnnx({
      build: (x) => slice(x, [0, 0], [x.shape[0]!, 2]),
      shape: [3],
      inputName: 'in',
      outputName: 'out',
    });
    const model = await readFile(join(run, 'model.onnx'));
    const cases = {
      'two-inputs': [twoInputs, /has 2 inputs and 1 outputs; a denoiser has one of each/],
      narrower: [narrower, /input \[3\] and output \[2\] differ; a denoiser keeps the shape/],
      truncated: [model.subarray(0, model.length / 2), /not an ONNX file, or cut short/],
      empty: [new Uint8Array(0), /not an ONNX file, or cut short/],
      text: [new TextEncoder().encode('a text\n'), /not an ONNX file, or cut short/],
    } as const;
    for (const [name, [bytes, finds]] of Object.entries(cases)) {
      const file = at(`${name}.onnx`);
      await writeFile(file, bytes);
      const args = ['sample', '--model', file, '--sigma', '1', '--out', at('never.npy')];
      const line = await refusal(...args);
      expect(line.startsWith(file)).toBe(true);
      expect(line).toMatch(finds);
      expect(await refusal('info', file)).toMatch(finds);
    }
  });

  test('a denoiser that gives what is no number', async () => {
    const names = { shape: [1, 8, 8], inputName: 'in', outputName: 'out' };
    await writeFile(at('root.onnx'), exportOnnx({ build: sqrt, ...names }));
    const args = ['--sigma', '0.5', '--out', at('never.npy')];
    expect(await refusal('sample', '--model', at('root.onnx'), ...args)).toMatch(
      /root\.onnx: gives NaN for noise of deviation 0\.5; check its weights, and --sigma$/,
    );
  });

  test('a folder without a run, pictures of points, and an --out that cannot be', async () => {
    await mkdir(at('empty'));
    const base = ['sample', '--out', at('never.npy'), '--model'];
    expect(await refusal(...base, at('empty'))).toMatch(/empty: is a folder without a run/);
    await writeFile(at('empty', 'run.json'), '{}');
    expect(await refusal(...base, at('empty'))).toMatch(/has saved no model yet; go on with/);
    const points = at('points.onnx');
    const names = { shape: [2], inputName: 'in', outputName: 'out' };
    await writeFile(points, exportOnnx({ build: (x) => mul(x, 0.5), ...names }));
    expect(
      await refusal('sample', '--model', points, '--sigma', '1', '--out', at('points.png')),
    ).toMatch(/points\.png: the model's examples have shape \[2\] and are no images; give a \.npy/);
    expect(await refusal('sample', '--model', run, '--out', join(points, 'a.npy'))).toMatch(
      /points\.onnx: .*choose another folder/,
    );
  });
});
