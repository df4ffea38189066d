import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { RunSummary } from '../report/index.ts';
import { mdensity, mdensityJson, refusal, workFolder } from './testing.ts';

const work = workFolder();
const at = (...names: string[]) => join(work, ...names);
const runs = at('runs');

beforeAll(async () => {
  const small = ['--net', 'digits8', '--data', 'digits8', '--limit', '100', '--batch', '8'];
  const { code } = await mdensity(
    ...['train', ...small, '--steps', '4', '--log-every', '1', '--validation', '10'],
    ...['--validate-every', '2', '--out', join(runs, 'whole')],
  );
  expect(code).toBe(0);
  // A run that was stopped: the same, of which more steps were asked for.
  await cp(join(runs, 'whole'), join(runs, 'part'), { recursive: true });
  const record = await readFile(join(runs, 'part', 'run.json'), 'utf8');
  await writeFile(join(runs, 'part', 'run.json'), record.replace('"steps": 4', '"steps": 9'));
  await mkdir(join(runs, 'broken'));
  await writeFile(join(runs, 'broken', 'run.json'), '{');
  await mkdir(join(runs, 'no-run'));
});

test('lists what each run is and how far it came', async () => {
  const found = await mdensityJson<{ readonly runs: readonly RunSummary[] }>('runs', runs);
  const byName = new Map(found.runs.map((run) => [run.name, run]));
  expect([...byName.keys()].sort()).toEqual(['broken', 'part', 'whole']);
  expect(byName.get('whole')).toMatchObject({
    state: 'finished',
    data: 'digits8',
    network: 'additive-unet',
    step: 4,
    steps: 4,
    loss: expect.any(Number),
    validationLoss: expect.any(Number),
  });
  expect(byName.get('part')).toMatchObject({ state: 'stopped', step: 4, steps: 9 });
  expect(byName.get('broken')).toMatchObject({
    state: 'unreadable',
    problem: expect.stringContaining('run.json'),
  });
  const { stdout } = await mdensity('runs', runs);
  expect(stdout).toMatch(/^run +state +step/);
  expect(stdout).toMatch(/\nwhole +finished +4\/4 /);
});

test('a folder that is not there is one line; one without runs says what makes them', async () => {
  expect(await refusal('runs', at('none'))).toMatch(/none: no such folder; give the one/);
  await mkdir(at('empty'));
  const { code, stdout } = await mdensity('runs', at('empty'));
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining('holds no run; mdensity train makes one'),
  });
});
