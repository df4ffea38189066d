import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Window } from 'happy-dom';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PaperARow } from '../experiment/paper-a/store.ts';
import { constant, exportOnnx, mul } from '../graph/index.ts';
import { findPreset } from '../nn/index.ts';
import {
  childrenOf,
  gone,
  interrupted,
  mdensity,
  mdensityJson,
  refusal,
  startMdensity,
  until,
  withoutProgress,
  workFolder,
} from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
process.env.MDENSITY_DATA = at('cache');

/** A model of the class 1/2 whose walks diverge: ν(z) = 10⁶ z. */
const exploding = at('exploding.onnx');
const config = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network: findPreset('mlp').config,
};

/** Walks a model that is trained at 1/4, and that one. */
const settings = [
  ...['experiment', 'paper-a', '--data', 'digits8', '--limit', '120', '--features', 'pixels'],
  ...['--classes', '0.25,0.5', '--model', exploding, '--net', 'digits8', '--train-steps', '12'],
  ...['--measurements', '1,4', '--frictions', '0.25,1', '--kernels', 'sachs,cheng', '--seeds', '2'],
  ...['--chains', '10', '--draws', '10', '--jump-every', '2', '--burn-in', '5'],
  ...['--long-draws', '12', '--workers', '2'],
];
const linesOf = (folder: string) => {
  const path = join(folder, 'cells.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
};

/** Finished cells by their names, without the seconds, which are the machine's. */
const rowsOf = (folder: string) =>
  linesOf(folder)
    .map((line): Omit<PaperARow, 'seconds'> => {
      const { seconds, ...row } = JSON.parse(line) as PaperARow;
      expect(seconds).toBeGreaterThan(0);
      return row;
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));

const whole = at('whole');
beforeAll(async () => {
  const bytes = exportOnnx({
    build: (z) => mul(z, constant(Float32Array.of(1e6), [])),
    shape: config.shape,
    inputName: 'ybar',
    outputName: 'xhat',
    metadata: { mdensity: JSON.stringify(config) },
  });
  await writeFile(exploding, bytes);
});

describe('an experiment', () => {
  test('trains, walks the grid and what follows, and writes it all', async () => {
    const { code, stdout, stderr } = await mdensity(...settings, '--out', whole);
    expect({ code, said: withoutProgress(stderr) }, stderr).toEqual({ code: 0, said: [] });
    expect(stdout).toMatch(/^σ̃ = 0.25, M = 1: fd-pixels [\d.]+ ± [\d.]+ at friction (1|1\/4)\n/);
    const files = ['results.json', 'results.md', 'friction.svg', 'report.html'];
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `wrote ${files.map((name) => join(whole, name)).join(', ')}`,
    );

    const rows = rowsOf(whole);
    expect(rows).toHaveLength(2 * 2 * 2 * 2 + 2 + 2);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(20);
    for (const row of rows) {
      if (row.sigma === 0.5) {
        expect(row).toMatchObject({
          samples: 0,
          error: expect.stringMatching(/^chain \d, step \d/),
        });
        expect(row.fd).toBeUndefined();
      } else if (row.stage === 'long') {
        expect(row).toMatchObject({ samples: 96, chains: { chains: 8, draws: 12 } });
        expect(row.fd).toBeUndefined();
      } else {
        const { fd, kid, precision, recall, copies } = row;
        expect([fd, kid, precision, recall, copies].every(Number.isFinite)).toBe(true);
        expect(row).toMatchObject({ samples: 100, chains: { chains: 10, draws: 10 } });
        // 5 + 20 steps of 10 chains, one call each but for the kernel, and 10 jumps of each.
        if (row.kernel === 'sachs') expect(row.scoreCalls).toBe(10 * (5 + 20 + 10));
      }
    }
  });

  test('says in its results what was best, and of which classes nothing came out', async () => {
    const results = JSON.parse(await readFile(join(whole, 'results.json'), 'utf8'));
    expect(results).toMatchObject({
      metric: 'fd-pixels',
      protocol: {
        measurements: [1, 4],
        frictions: [0.25, 1],
        seeds: [0, 1],
        chains: 10,
        classes: [
          { sigma: 0.25, model: join('models', '0.25') },
          { sigma: 0.5, model: exploding },
        ],
        training: { net: 'digits8', steps: 12 },
      },
      work: { cells: 20 },
      machine: { cores: expect.any(Number) },
    });
    expect(results.best).toHaveLength(2);
    expect(results.best.every(({ sigma }: { sigma: number }) => sigma === 0.25)).toBe(true);
    expect(results.summaries).toHaveLength(8 + 1 + 2);
    const [titles, , ...lines] = (await readFile(join(whole, 'results.md'), 'utf8')).split('\n');
    expect(titles).toMatch(/\| σ̃ \| M \| kernel \| γδ \| diverged \| fd-pixels \|/);
    const cells = lines.slice(0, -1).map((line) => line.split(' | '));
    expect(cells).toHaveLength(11);
    expect(cells.every(({ length }) => length === titles!.split(' | ').length)).toBe(true);
    expect(cells.filter((line) => line[5] === '2 of 2')).toHaveLength(4);
  });

  test('makes a figure and a page that a browser reads', async () => {
    const svg = await readFile(join(whole, 'friction.svg'), 'utf8');
    const document = new new Window().DOMParser().parseFromString(svg, 'image/svg+xml');
    const drawn = [...document.querySelectorAll('text')].map(({ textContent }) => textContent);
    expect(drawn.join()).toMatch(/M = 1\b.*M = 4\b/);
    expect(document.querySelectorAll('circle')).toHaveLength(4);
    const html = await readFile(join(whole, 'report.html'), 'utf8');
    const page = new Window().document;
    // happy-dom loses what follows a style inside SVG.
    const bare = html.replaceAll(/<svg.*?<\/svg>/gs, '<figure></figure>');
    page.write(bare);
    expect(page.querySelectorAll('figure')).toHaveLength(1);
    expect(page.querySelectorAll('.wide tr')).toHaveLength(1 + 11);
    // Samples and long chains of the two members that came out.
    const images = [...page.querySelectorAll('img')].map((image) => image.getAttribute('src')!);
    expect(images).toHaveLength(4);
    expect(images.every((src) => src.startsWith('data:image/png;base64,'))).toBe(true);
    expect(await readdir(join(whole, 'pictures'))).toHaveLength(2 * 12);
  });

  test('two processes in one folder share the work: the same rows, none of them twice', async () => {
    const out = at('shared');
    const both = [1, 2].map(() => startMdensity([...settings, '--out', out]).done);
    for (const { code, stderr } of await Promise.all(both)) expect(code, stderr).toBe(0);
    expect(rowsOf(out)).toEqual(rowsOf(whole));
    expect(await readdir(at('shared', 'claims'))).toEqual([]);
  });

  test('in parts with folders of their own, which are joined: the same rows', async () => {
    const parts = ['0/2', '1/2'].map((shard, i) => [
      ...settings,
      '--shard',
      shard,
      '--out',
      at(`part${i}`),
    ]);
    for (const part of parts) {
      const { code, stdout } = await mdensity(...part);
      expect(code).toBe(0);
      // Half of the grid: what follows waits for all of it.
      expect(stdout).toMatch(
        /part\d has 8 finished cells; what is left is of other parts, or waits/,
      );
    }
    expect(existsSync(at('part0', 'results.json'))).toBe(false);
    const [first, second] = [rowsOf(at('part0')), rowsOf(at('part1'))];
    const ids = [...first, ...second].map(({ id }) => id);
    expect(new Set(ids).size).toBe(16);
    const joining = [...settings, '--join', `${at('part0')},${at('part1')}`, '--out', at('joined')];
    expect(await mdensityJson(...joining)).toMatchObject({ cells: 20 });
    expect(rowsOf(at('joined'))).toEqual(rowsOf(whole));
    expect(await readdir(at('joined', 'pictures'))).toHaveLength(2 * 12);
    // The model that both have trained came with them.
    const model = (folder: string) => readFileSync(at(folder, 'models', '0.25', 'model.onnx'));
    expect(model('joined').equals(model('part0'))).toBe(true);
    const other = [...settings, '--chains', '12', '--join', at('part0'), '--out', at('not-joined')];
    expect(await refusal(...other)).toMatch(
      /part0: holds another experiment: chains was 10 and is now 12;/,
    );
    const nothing = await refusal(...settings, '--join', at('none'), '--out', at('not-joined2'));
    expect(nothing).toMatch(/none.experiment.json: no such file; check the path\.$/);
  });

  test('in parts of one folder: the last to come finds all and writes the results', async () => {
    const part = (shard: string) =>
      mdensity(...settings, '--shard', shard, '--out', at('one-folder'));
    expect((await part('1/2')).stdout).toMatch(/has 8 finished cells/);
    // The grid is whole now, and half of what follows is its own.
    expect((await part('0/2')).stdout).toMatch(/has 18 finished cells/);
    expect((await part('1/2')).stdout).toMatch(/^σ̃ = 0.25, M = 1: [\s\S]*wrote /);
    expect(rowsOf(at('one-folder'))).toEqual(rowsOf(whole));
  });

  test('killed in the grid, then stopped, ends in the same rows and makes none of them twice', async () => {
    const out = at('killed');
    const again = [...settings, '--out', out];
    const first = startMdensity(again);
    await until(() => linesOf(out).length >= 3);
    const workers = childrenOf(first.child.pid);
    expect(workers.length).toBeGreaterThanOrEqual(2);
    first.child.kill('SIGKILL');
    await first.done;
    await gone(workers);
    const kept = linesOf(out);
    expect(kept.length).toBeLessThan(20);

    const stopped = await interrupted(again, () => linesOf(out).length > kept.length);
    const saved = linesOf(out);
    expect(saved.length).toBeLessThan(20);
    const { code, stdout, stderr } = stopped;
    expect({ code, stdout, said: withoutProgress(stderr) }).toEqual({
      code: 130,
      stdout: '',
      said: [expect.stringContaining(`stopped after ${saved.length} walks, which are saved`)],
    });

    expect(await mdensityJson(...again)).toMatchObject({ cells: 20 });
    expect(linesOf(out).slice(0, saved.length)).toEqual(saved);
    expect(saved.slice(0, kept.length)).toEqual(kept);
    expect(rowsOf(out)).toEqual(rowsOf(whole));
  });

  test('with nothing left to do only writes its results', async () => {
    const before = linesOf(whole);
    const { code, stderr } = await mdensity(...settings, '--out', whole);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(whole)).toEqual(before);
  });

  test('refuses to go on as another, saying what differs', async () => {
    const other = (...changes: string[]) => refusal(...settings, ...changes, '--out', whole);
    expect(await other('--frictions', '0.5')).toMatch(
      /whole: holds another experiment: frictions was \[0.25,1\] and is now \[0.5\]; run it with its own settings, or give another folder$/,
    );
    expect(await other('--limit', '110')).toMatch(
      /: data.count was 120 and is now 110, data.hash was/,
    );
    expect(await other('--train-steps', '5')).toMatch(/: training.steps was 12 and is now 5;/);
    expect(await other('--features', 'digits8')).toMatch(/: features.name was "pixels" and is now/);
  });
});

describe('an experiment refuses', () => {
  test.each([
    [
      'too few samples',
      ['--chains', '8', '--draws', '8'],
      /^--chains 8 --draws 8: 64 samples are too few/,
    ],
    ['a kernel that needs more', ['--kernels', 'mala'], /^--kernels: must be one of sachs, cheng,/],
    ['frictions below 0', ['--frictions', '1,-1'], /^--frictions: must be above 0; it is "1,-1"/],
    ['a part that is none', ['--shard', '2/2'], /^--shard 2\/2: parts are counted from 0; give/],
    ['no numbers', ['--measurements', 'four'], /^--measurements: must be a.* number; it is "four"/],
    [
      'a class without its model',
      ['--classes', '0.25'],
      /^--classes: the model .*exploding.onnx has the class 0.5, which is not/,
    ],
    [
      'two models of a class',
      ['--model', `${exploding},${exploding}x`],
      /exploding.onnxx: no such run, model or file/,
    ],
    ['a network that is none', ['--net', 'digits9'], /digits9/],
    [
      'features of another shape',
      ['--features', 'mnist'],
      /^--features mnist: takes images \[1, 28, 28\]/,
    ],
  ] as const)('%s', async (_, args, said) => {
    expect(await refusal(...settings, ...args, '--out', at('refused'))).toMatch(said);
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('two models of one class, and one for other images', async () => {
    const copy = at('copy.onnx');
    await writeFile(copy, await readFile(exploding));
    const twice = await refusal(
      ...settings,
      '--model',
      `${exploding},${copy}`,
      '--out',
      at('refused'),
    );
    expect(twice).toBe('--model: two models have the class 0.5; give one of each');
    const data = ['--data', 'mnist', '--limit', '120', '--features', 'pixels'];
    expect(await refusal(...settings, ...data, '--out', at('refused'))).toMatch(
      /^--model .*exploding.onnx: makes images \[1, 8, 8\], mnist has \[1, 28, 28\]; give the data/,
    );
  });
});
