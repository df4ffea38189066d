import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Window } from 'happy-dom';
import { describe, expect, test } from 'vitest';
import { writeNpy } from '../data/node/index.ts';
import { compareParametrizations } from '../experiment/index.ts';
import type {
  ComparisonRow,
  CostRow,
  MeasureRow,
  WalkRow,
} from '../experiment/parametrizations/row.ts';
import type { Progress } from '../progress.ts';
import { anError } from '../testing-errors.ts';
import { mdensity, refusal, withoutProgress, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
process.env.MDENSITY_DATA = at('cache');

const settings = [
  ...['experiment', 'parametrizations', '--data', 'digits8', '--limit', '200'],
  ...['--features', 'pixels', '--parametrizations', 'gps,mem', '--steps', '24'],
  ...['--batch', '8', '--cost-measurements', '4', '--chains', '10', '--draws', '10'],
  ...['--jump-every', '2', '--burn-in', '5', '--workers', '2'],
];
const linesOf = (folder: string) => {
  const path = join(folder, 'cells.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
};
const rowsOf = (folder: string) => linesOf(folder).map((line) => JSON.parse(line) as ComparisonRow);

/** What is not the machine's. */
const findings = (folder: string) =>
  rowsOf(folder)
    .map((row) => {
      const { seconds: _, stepSeconds, peakBytes, callSeconds, ...rest } = row as CostRow;
      return rest;
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));

const whole = at('whole');

describe('a comparison of parametrizations', () => {
  test('trains, measures, walks, and prints what came out', async () => {
    const { code, stdout, stderr } = await mdensity(...settings, '--out', whole);
    expect({ code, said: withoutProgress(stderr) }, stderr).toEqual({ code: 0, said: [] });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/param\. +held-out loss +ms\/step +fd-pixels +ESS\/1k +order err/);
    expect(lines[1]).toMatch(/^gps +0\.04 M +[\d.]+ ± [\d.]+ +[\d.]+ +[\d.]+ +– +0 +– +–$/);
    expect(lines[2]).toMatch(/^mem +0\.04 M .* % {2,}[\d.]+ +[\d.]+$/);
    const files = ['results.json', 'results.md', 'cost.svg', 'loss.svg', 'samples.png'];
    expect(lines.at(-2)).toBe(
      `wrote ${[...files, 'report.html'].map((name) => join(whole, name)).join(', ')}`,
    );

    const rows = rowsOf(whole);
    const walks = ['walk-gps-sachs', 'walk-mem-mala', 'walk-mem-sachs'];
    expect(rows.map(({ id }) => id).sort()).toEqual([
      ...['cost-gps-M4', 'cost-mem-M4', 'measure-gps', 'measure-mem'],
      ...['train-gps', 'train-mem', ...walks],
    ]);
    for (const row of rows) {
      expect(row.seconds).toBeGreaterThan(0);
      expect(row.error).toBeUndefined();
      if (row.stage === 'walk') {
        expect(row).toMatchObject({ samples: 100, chains: { chains: 10, draws: 10 } });
        expect(row.scoreCalls).toBe(10 * (5 + 20 + 10));
        expect(row.fd).toBeGreaterThan(0);
        expect(row.acceptance === undefined).toBe(row.kernel === 'sachs');
      }
      if (row.stage === 'cost') {
        for (const value of [row.stepSeconds, row.peakBytes, row.callSeconds]) {
          expect(value).toBeGreaterThan(0);
        }
      }
    }
  });

  test('finds that GPS turns with its measurements, and another does not', () => {
    const errors = rowsOf(whole)
      .filter((row): row is MeasureRow => row.stage === 'measure')
      .map(({ name, equivariance }) => [name, equivariance!.mean] as const);
    const { gps, mem } = Object.fromEntries(errors);
    expect(gps).toBeLessThan(1e-6);
    expect(mem).toBeGreaterThan(1e-4);
  });

  test('has a row of counts, which are walked by leaps and turn with their measurements', async () => {
    const folder = at('counts');
    const others = settings.map((word) => (word === 'gps,mem' ? 'poisson' : word));
    const { code, stdout } = await mdensity(...others, '--out', folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^poisson +0\.04 M .* 0 +– +–$/m);
    expect(stdout).toContain(
      'poisson: counts at rate 1 of x + 0.5, so its loss is of other noise;',
    );
    const rows = rowsOf(folder);
    // Measured and walked at once, in either order.
    expect(rows.map(({ id, error }) => [id, error]).sort()).toEqual(
      ['cost-poisson-M4', 'measure-poisson', 'train-poisson', 'walk-poisson-tau-leap'].map((id) => [
        id,
        undefined,
      ]),
    );
    const { equivariance } = rows.find(({ stage }) => stage === 'measure') as MeasureRow;
    expect(equivariance!.mean).toBe(0);
  });

  test('writes tables, figures and a page', async () => {
    const { protocol, curves } = JSON.parse(await readFile(join(whole, 'results.json'), 'utf8'));
    expect(protocol).toMatchObject({
      experiment: 'parametrizations',
      sigma: 1,
      measurements: 4,
      heldOut: 20,
      training: { steps: 24, batch: 8 },
      cost: { measurements: [4] },
    });
    // A point at every step, as 24 steps have no more than 24 points; step 0 has none.
    expect(curves.filter(({ name }: { name: string }) => name === 'mem')).toHaveLength(24);
    const text = await readFile(join(whole, 'results.md'), 'utf8');
    expect(text.match(/^\| (gps|mem) \|/gm)).toHaveLength(4 * 2);
    expect(text).toMatch(/Last jumps, a row each: gps, mem\./);
    for (const name of ['cost.svg', 'loss.svg']) {
      const svg = await readFile(join(whole, name), 'utf8');
      const document = new new Window().DOMParser().parseFromString(svg, 'image/svg+xml');
      const drawn = [...document.querySelectorAll('text')].map(({ textContent }) => textContent);
      expect(drawn.join()).toMatch(/━ gps.*━ mem/);
    }
    const html = await readFile(join(whole, 'report.html'), 'utf8');
    expect(html.match(/<img alt="Samples of [\w-]+, (sachs|mala)"/g)).toHaveLength(3);
    expect(await readdir(join(whole, 'jumps'))).toHaveLength(3);
  });

  test('stopped twice while it trains, ends in the same rows and makes none of them twice', async () => {
    const out = at('stopped');
    // As if stopped before, when costs were known. The workers decide nothing but the time.
    const costs = linesOf(whole).filter((line) => line.includes('"cost"'));
    await mkdir(out);
    await copyFile(join(whole, 'experiment.json'), join(out, 'experiment.json'));
    await writeFile(join(out, 'cells.jsonl'), costs.map((line) => `${line}\n`).join(''));
    const options = {
      data: 'digits8',
      dataOptions: { limit: 200 },
      features: 'pixels' as const,
      sigma: 1,
      parametrizations: ['gps', 'mem'],
      measurements: 4,
      costMeasurements: [4],
      seed: 0,
      steps: 24,
      batch: 8,
      chains: 10,
      draws: 10,
      jumpEvery: 2,
      burnIn: 5,
      workers: 1,
      out,
    };
    const labels = new Set<string>();
    /** Stops it when there are so many rows. */
    const stopAt = async (rows: number) => {
      const controller = new AbortController();
      const onProgress = ({ label }: Progress) => {
        labels.add(label);
        if (linesOf(out).length >= rows) controller.abort();
      };
      const work = { signal: controller.signal, onProgress };
      await expect(compareParametrizations(options, work)).rejects.toThrow(
        anError('stopped', { cells: expect.any(Number) }),
      );
      return linesOf(out);
    };
    const kept = await stopAt(3);
    expect(kept.length).toBeLessThan(9);
    const saved = await stopAt(kept.length + 1);
    expect(saved.length).toBeLessThan(9);
    const { rows } = await compareParametrizations(options);
    expect(rows).toHaveLength(9);
    expect(linesOf(out).slice(0, saved.length)).toEqual(saved);
    expect(saved.slice(0, kept.length)).toEqual(kept);
    expect(findings(out)).toEqual(findings(whole));
    expect([...labels]).toContain('training and walking 2 parametrizations');
  });

  test('in parts with folders of their own, which are joined: the same findings', async () => {
    const folders = ['0/2', '1/2'].map((shard) => ({ shard, out: at(`part-${shard[0]}`) }));
    for (const { shard, out } of folders) {
      const { code, stdout, stderr } = await mdensity(...settings, '--shard', shard, '--out', out);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/finished cells; what is left is of other parts/);
    }
    const from = folders.map(({ out }) => out).join();
    const { code, stderr } = await mdensity(...settings, '--join', from, '--out', at('joined'));
    expect(code, stderr).toBe(0);
    expect(findings(at('joined'))).toEqual(findings(whole));
  });

  test('with nothing left to do only writes its results, and so does a report', async () => {
    const before = linesOf(whole);
    const { code, stderr } = await mdensity(...settings, '--out', whole);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(whole)).toEqual(before);
    const page = at('page.html');
    expect((await mdensity('report', whole, '--out', page)).code).toBe(0);
    expect(await readFile(page, 'utf8')).toContain('Parametrizations on digits8');
  });

  test('refuses to go on as another', async () => {
    const other = (...changes: string[]) => refusal(...settings, ...changes, '--out', whole);
    expect(await other('--parametrizations', 'gps')).toMatch(
      /whole: holds another experiment: parametrizations was \["gps","mem"\] and is now \["gps"\]/,
    );
    expect(await other('--steps', '25')).toMatch(/: training.steps was 24 and is now 25;/);
    expect(await other('--seed', '1')).toMatch(/: seed was 0 and is now 1;/);
    const paper = ['experiment', 'paper-a', '--data', 'digits8', '--limit', '200'];
    const more = ['--features', 'pixels', '--classes', '0.5', '--out', whole];
    expect(await refusal(...paper, ...more)).toMatch(
      /whole: holds the experiment parametrizations, not paper-a; give another folder$/,
    );
  });
});

describe('a comparison refuses', () => {
  test.each([
    [
      'a parametrization that is not known',
      ['--parametrizations', 'gps,gps-enrgy'],
      /^--parametrizations gps-enrgy: is not known. Did you mean "gps-energy"\? There are: gps, gps-energy,/,
    ],
    ['a single measurement', ['--measurements', '1'], /^--measurements 1: a single measurement is/],
    ['no noise', ['--sigma', '0'], /^--sigma: must be above 0; it is 0$/],
    ['too few samples', ['--chains', '6'], /^--chains 6 --draws 10: 60 samples are too few/],
    [
      'no data left',
      ['--held-out', '200'],
      /^--held-out 200: nothing would be left to train on of/,
    ],
    [
      'features of another shape',
      ['--features', 'mnist'],
      /^--features mnist: takes images \[1, 28/,
    ],
    ['data that is not there', ['--data', 'digits9'], /digits9/],
  ] as const)('%s', async (_, args, said) => {
    expect(await refusal(...settings, ...args, '--out', at('refused'))).toMatch(said);
    expect(existsSync(at('refused'))).toBe(false);
  });

  test('data of a size that no networks are for', async () => {
    const file = at('examples.npy');
    await writeNpy(file, new Float32Array(200 * 16), [200, 1, 4, 4]);
    expect(await refusal(...settings, '--data', file, '--out', at('refused'))).toMatch(
      /^--data .*examples.*: has examples \[1, 4, 4\]; there are networks to compare on images of 8×8 and 28×28/,
    );
  });

  test('a learning rate at which all diverge, saying so', async () => {
    const wild = ['--parametrizations', 'gps', '--learning-rate', '1e30', '--out', at('wild')];
    const { code, stdout, stderr } = await mdensity(...settings, ...wild);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(withoutProgress(stderr)).toEqual([
      expect.stringMatching(
        /^mdensity: every training diverged: step \d+: .*; give another folder and a smaller learning rate$/,
      ),
    ]);
    const [trained] = rowsOf(at('wild')).filter(({ stage }) => stage === 'train');
    expect((trained as WalkRow | CostRow | MeasureRow | undefined)?.error).toMatch(/^step/);
  });
});
