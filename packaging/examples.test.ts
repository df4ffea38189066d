import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openPage, startBrowser } from '../studio/testing/browser.ts';
import { type InstalledPackage, installPackage } from './installed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage([
    ...['onnxruntime-node', 'onnxruntime-web', '@types/node', 'vite'],
  ]);
  await cp(join(root, 'examples'), join(installed.folder, 'examples'), { recursive: true });
});

afterAll(() => installed.remove());

const inProject = (...path: string[]) => join(installed.folder, 'examples', ...path);

/** Runs a compiled example with plain Node, and gives what it prints. */
function run(name: string, ...values: string[]): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [inProject('out', `${name}.js`), ...values],
    { cwd: installed.folder, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Numbers that a pattern captures. */
function numbers(text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  expect(found, `${pattern} in ${text}`).not.toBeNull();
  return found!.slice(1).map(Number);
}

test('all are strict TypeScript', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', inProject()], { encoding: 'utf8' });
  expect(stdout).toBe('');
});

describe('in Node', () => {
  test('own data are learned and walked', () => {
    const printed = run('train-own-data');
    // A circle of radius 1: a model that learned nothing stays at its centre.
    const [distance] = numbers(printed, /distance from the origin: (.*)$/m);
    expect(distance).toBeGreaterThan(0.8);
    expect(distance).toBeLessThan(1.1);
  });

  test('a model in the box becomes a picture', async () => {
    const path = inProject('digits.png');
    run('model-to-png', path);
    const png = await readFile(path);
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    expect(png.readUInt32BE(16)).toBe(png.readUInt32BE(20));
  });

  test('a kernel of its own walks both humps of a mixture', () => {
    const [share] = numbers(run('custom-kernel'), /^(\d+) % of samples/);
    expect(share).toBeGreaterThan(55);
    expect(share).toBeLessThan(85);
  });

  test('a network of its own is trained, exported and opened', () => {
    expect(run('custom-network')).toMatch(/the opened file walks to the same bits/);
  });

  test('a data set is read from disk', () => {
    const [count, loss] = numbers(run('dataset-on-disk'), /^(\d+) images[\s\S]*loss (\S+)/);
    expect(count).toBe(1797);
    expect(loss).toBeLessThan(10);
  });

  test('distances have a confidence, and tell sets apart', () => {
    const printed = run('distance');
    const read = (name: string) =>
      numbers(printed, new RegExp(`${name}: Fréchet (\\S+) ± (\\S+)\n.*kernel (\\S+) ± (\\S+)`));
    const [noised, denoised, written] = [read('noised'), read('denoised'), read('written')];
    expect(noised[0]! - denoised[0]!).toBeGreaterThan(3 * (noised[1]! + denoised[1]!));
    expect(noised[2]! - denoised[2]!).toBeGreaterThan(3 * (noised[3]! + denoised[3]!));
    expect(Math.abs(written[2]!)).toBeLessThan(4 * written[3]!);
  });

  test('errors are told apart by their code', () => {
    const printed = run('errors');
    expect(printed.match(/^[a-z-]+(?=[: ])/gm)).toEqual([
      ...['not-found', 'diverged', 'walked', 'shape'],
    ]);
  });

  test('a training and a walk that were stopped go on to the same bits', () => {
    const printed = run('cancel-and-resume');
    expect(printed.match(/stopped after \d+ of \d+/g)).toEqual([
      ...['stopped after 20 of 40', 'stopped after 30 of 60'],
    ]);
    expect(printed.match(/went on to the same (weights|samples)/g)).toHaveLength(2);
  });

  test('a server answers others while it samples', async () => {
    const server = spawn(process.execPath, [inProject('out', 'http-server.js')], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => ended(server));
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const [port] = numbers(String(line), /port: (\d+)/);
    const ask = (path: string) => fetch(`http://localhost:${port}${path}`);
    const order: string[] = [];
    const sampled = ask('/?seed=3').then((response) => {
      order.push('sampled');
      return response;
    });
    await (await ask('/health')).text();
    order.push('alive');
    const png = new Uint8Array(await (await sampled).arrayBuffer());
    expect(order).toEqual(['alive', 'sampled']);
    expect([...png.subarray(1, 4)]).toEqual([80, 78, 71]);
    expect((await ask('/?seed=-1')).status).toBe(400);
  });
});

async function ended(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, 'exit');
}

test('a walk in a browser, built by Vite from the package', async () => {
  const folder = inProject('browser');
  const settings = { root: folder, configFile: false, logLevel: 'silent' } as const;
  await build(settings);
  const server: PreviewServer = await preview({ ...settings, preview: { port: 0 } });
  onTestFinished(() => server.close());
  const browser = await startBrowser();
  const { page, complaints } = await openPage(browser, server.resolvedUrls!.local[0]!);
  await page.getByText('done').waitFor({ timeout: 120_000 });
  const ink = await page.evaluate(() => {
    const canvas = document.querySelector('canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 0 && value > 128).length / (data.length / 4);
  });
  expect(complaints).toEqual([]);
  // White strokes on black, and white lines between the images.
  expect(ink).toBeGreaterThan(0.1);
  expect(ink).toBeLessThan(0.5);
});
