/** What `mdensity evaluate` takes beside a run: samples of a file; and what it refuses. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeNpy, encodeNpy } from '../data/index.ts';
import { mdensity, mdensityJson, refusal } from './testing.ts';
import { type Evaluation, trainedRun } from './testing-evaluation.ts';

const { at, run, byPixels, ofRun } = trainedRun();

describe('samples of a file', () => {
  const samples = at('samples.npy');
  const ofFile = (file: string, ...args: readonly string[]) => [
    ...byPixels,
    '--samples',
    file,
    '--data',
    'digits8',
    '--limit',
    '200',
    ...args,
  ];
  const save = async (name: string, data: Float32Array | Uint8Array, shape: readonly number[]) => {
    await writeFile(at(name), encodeNpy(data, shape));
    return at(name);
  };

  let whole: Evaluation;
  beforeAll(async () => {
    whole = await mdensityJson<Evaluation>(...ofRun);
    const chains = ['--chains', '20', '--steps', '24', '--jump-every', '2', '--burn-in', '4'];
    await mdensityJson('sample', '--model', run, ...chains, '--out', samples);
  });
  const images = async () => decodeNpy(await readFile(samples), samples).data as Float32Array;

  test('are worth what the walk that wrote them is', async () => {
    const out = ['--out', at('of-file')];
    const { findings, chains, draws, file } = await mdensityJson<Evaluation>(
      ...ofFile(samples, ...out),
    );
    const { scoreCallsPerDraw, effectiveSamplesPerScoreCall, ...moves } = whole.findings.chains!;
    expect({ chains, draws, file }).toEqual({ chains: 20, draws: 12, file: samples });
    expect(findings).toMatchObject({ ...whole.findings, chains: moves });
    expect(findings.chains!.scoreCallsPerDraw).toBe(1);
    const { stdout } = await mdensity(...ofFile(samples, ...out));
    expect(stdout).not.toContain('score calls');
  });

  test('may be bytes, and one after the other without chains', async () => {
    const floats = await images();
    const bytes = Uint8Array.from(floats, (x) => Math.round(255 * Math.min(1, Math.max(0, x))));
    const flat = await save('flat.npy', bytes, [240, 1, 8, 8]);
    const { findings } = await mdensityJson<Evaluation>(...ofFile(flat, '--out', at('flat')));
    expect(findings.chains).toBeUndefined();
    expect(findings.memorisation!.nearest).toHaveLength(240);
    expect(findings.frechet!.distance).toBeCloseTo(whole.findings.frechet!.distance, 9);
    expect(await refusal(...ofFile(flat, '--metrics', 'chains', '--out', at('flat')))).toMatch(
      /flat.npy: chains need at least 10 draws each to be judged; give more, or leave chains out/,
    );
  });

  test('are refused in another shape or range, or if they are few', async () => {
    const floats = await images();
    const size = await save('size.npy', new Float32Array(4 * 81), [4, 1, 9, 9]);
    expect(await refusal(...ofFile(size))).toMatch(
      /size.npy: has shape \[4, 1, 9, 9\], images of digits8 are \[1, 8, 8\]; give \[n, 1, 8, 8\] or \[chains, draws, 1, 8, 8\]$/,
    );
    const range = await save(
      'range.npy',
      floats.map((x) => 255 * x),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(range))).toMatch(
      /range.npy: image \d+ has the value [\d.-]+; features are of images in \[0, 1\], scale them$/,
    );
    const centred = await save(
      'centred.npy',
      floats.map((x) => 2 * x - 1),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(centred))).toMatch(/has the value -[\d.]+; features are of/);
    const broken = await save(
      'nan.npy',
      floats.map((x, i) => (i === 700 ? Number.NaN : x)),
      [240, 1, 8, 8],
    );
    expect(await refusal(...ofFile(broken))).toMatch(/nan.npy: image 10 has the value NaN;/);
    const few = await save('few.npy', floats.subarray(0, 64 * 64), [64, 1, 8, 8]);
    expect(await refusal(...ofFile(few))).toMatch(
      /few.npy: 64 samples are too few for the covariance of 64 pixels features; at least 65 are needed/,
    );
    const whole = at('whole.npy');
    await writeFile(whole, encodeNpy(Int32Array.from(floats), [240, 1, 8, 8]));
    expect(await refusal(...ofFile(whole))).toMatch(/whole.npy: holds no bytes and no floats/);
    expect(await refusal(...ofFile(at('none.npy')))).toMatch(/none.npy: no such file/);
  });
});

describe('evaluate refuses', () => {
  test.each([
    ['neither of two', ['--data', 'digits8'], /^--model or --samples: give one of the two/],
    ['both', ['--model', run, '--samples', 'a.npy'], /^--model or --samples: give one of the two/],
    ['samples without data', ['--samples', 'a.npy'], /^--data: is missing; give what to compare/],
    [
      'no such metric',
      ['--model', run, '--metrics', 'fd,fid'],
      /^--metrics: must be one of fd, kid, pr,/,
    ],
    [
      'no such features',
      ['--model', run, '--features', 'minst'],
      /^--features: must be .*Did you mean "mnist"\?/,
    ],
    ['no such model', ['--model', 'digits-9'], /^digits-9: no such run, model or file/],
    [
      'too few samples',
      ['--model', run, '--features', 'pixels', '--chains', '8', '--draws', '8'],
      /^--chains 8 --draws 8: 64 samples are too few for the covariance of 64 pixels features; at least 65 are needed, and ten/,
    ],
    [
      'data of another shape',
      ['--model', run, '--features', 'pixels', '--data', 'mnist', '--limit', '50'],
      /^--data mnist: has images \[1, 28, 28\], the model makes \[1, 8, 8\]; give the data it was/,
    ],
    [
      'too little data',
      ['--model', run, '--features', 'pixels', '--limit', '64'],
      /^--data digits8: has 64 images, too few for the covariance of 64 pixels features; at least 65 are/,
    ],
    [
      'features of another shape',
      ['--model', run, '--features', 'mnist'],
      /^--features mnist: takes images \[1, 28, 28\], these are \[1, 8, 8\]; choose another of/,
    ],
    [
      'weights that are not here',
      ['--model', run, '--features', 'inception'],
      /^--features inception: its weights are not here; .*: mdensity evaluate --fetch-inception$/,
    ],
    [
      'weights that are none',
      ['--model', run, '--inception', __filename],
      /evaluate-inputs\.test\.ts: holds other weights than FID’s \(SHA-256 \w+… in place/,
    ],
    [
      'no such weights',
      ['--model', run, '--inception', 'none.pth'],
      /^--inception none\.pth: no such file/,
    ],
    [
      'weights that are not used',
      ['--model', run, '--features', 'pixels', '--inception', 'a.pth'],
      /^--features pixels: --inception is for Inception features; leave one of the two out/,
    ],
    [
      'a kernel that needs more',
      [...ofRun.slice(1), '--kernel', 'mala'],
      /^kernel: mala needs the log-density/,
    ],
  ] as const)('%s', async (_, args, said) => {
    expect(await refusal('evaluate', ...args, '--out', at('refused'))).toMatch(said);
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('data that has no network of its own, saying which there are', async () => {
    const images = at('grey.npy');
    await writeFile(images, encodeNpy(new Float32Array(100 * 81), [100, 1, 9, 9]));
    expect(await refusal('evaluate', '--samples', images, '--data', images)).toMatch(
      /^--features: grey.* \[1, 9, 9\] has no network of its own; choose one of mnist, .*pixels$/,
    );
    await writeFile(images, encodeNpy(new Float32Array(100 * 81).fill(2), [100, 1, 9, 9]));
    expect(await refusal(...byPixels, '--samples', images, '--data', images)).toMatch(
      /grey.npy: value at \[0, 0, 0, 0\] is 2; scale float images to \[0, 1\]/,
    );
  });
});
