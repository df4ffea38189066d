import { execFileSync, spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledPackage, installPackage, subpaths } from './installed.ts';

let installed: InstalledPackage;
let names: string[];

beforeAll(async () => {
  installed = await installPackage();
  names = await subpaths();
});

afterAll(() => installed.remove());

/** Runs a module in the project with plain Node, and reads what it prints as JSON. */
async function run(text: string): Promise<unknown> {
  const path = await installed.write('program.mjs', text);
  return JSON.parse(execFileSync(process.execPath, [path], { encoding: 'utf8' }));
}

test('brings no browser simulation, no plotting, no library for images', () => {
  const heavy = /happy-dom|jsdom|linkedom|plot|sharp|@img|onnxruntime-(web|node)|playwright/;
  expect(installed.dependencies.filter((name) => heavy.test(name))).toEqual([]);
  // Of these 26 are the server's and its client's: hono, pino, prom-client and what they need.
  expect(installed.dependencies.length).toBeLessThan(70);
});

test('holds what is run and read, and no sources', () => {
  const odd = installed.files.filter(
    (path) =>
      !/^(dist|assets|models|docs)\/|^(README|CHANGELOG|THIRD-PARTY)\.md$|^LICENSE$|^package.json$/.test(
        path,
      ),
  );
  expect(odd).toEqual([]);
  expect(
    installed.files.filter((path) => /(?<!\.d)\.m?tsx?$|node_modules|\.test\./.test(path)),
  ).toEqual([]);
  expect(installed.files).toContain('dist/studio/index.html');
  expect(installed.size).toBeLessThan(65e6);
});

test('publint finds nothing', async () => {
  const folder = `${installed.folder}/node_modules/mdensity`;
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  expect(messages).toEqual([]);
});

test('every subpath has types under every condition', () => {
  const attw = `${import.meta.dirname}/../node_modules/@arethetypeswrong/cli/dist/index.js`;
  const options = ['--profile', 'esm-only', '--format', 'json'];
  const { stdout, status } = spawnSync(process.execPath, [attw, installed.tarball, ...options], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const { problems } = JSON.parse(stdout) as { problems: Record<string, unknown> };
  expect({ status, found: Object.keys(problems) }).toMatchObject({ status: 0 });
});

test('every subpath is loaded by Node, with nothing that is optional', async () => {
  const found = await run(`
    const names = ${JSON.stringify(names)};
    const modules = await Promise.all(names.map((name) => import(name)));
    console.log(JSON.stringify(modules.map((module) => Object.keys(module).length)));
  `);
  expect(found).toHaveLength(names.length);
  expect(Math.min(...(found as number[]))).toBeGreaterThan(0);
});

test('what is missing is said in one line, with the command that installs it', async () => {
  const errors = await run(`
    import { mkdir, writeFile } from 'node:fs/promises';
    import { compile, input } from 'mdensity/graph';
    import { imageFolderExamples } from 'mdensity/data';
    const folder = new URL('images/', import.meta.url).pathname;
    await mkdir(folder, { recursive: true });
    await writeFile(folder + 'a.png', 'x');
    const x = input('x', [2]);
    const tasks = [compile({ inputs: { x }, outputs: { y: x } }), imageFolderExamples(folder)];
    const settled = await Promise.allSettled(tasks);
    const shown = settled.map(({ reason: { name, code, facts, message } }) => ({ name, code, facts, message }));
    console.log(JSON.stringify(shown));
  `);
  const common = { name: 'UserError', code: 'unsupported' };
  expect(errors).toMatchObject([
    { ...common, facts: { package: 'onnxruntime-node' }, message: /^.*npm install .*$/ },
    { ...common, facts: { package: 'sharp' } },
  ]);
});

describe('strict TypeScript compiles a program that uses every subpath', () => {
  test.each([
    ['as Node resolves', 'NodeNext', 'NodeNext', []],
    ['as a bundler resolves', 'ESNext', 'Bundler', []],
    ['as a bundler for browsers resolves', 'ESNext', 'Bundler', ['browser']],
  ])('%s', async (_, module, moduleResolution, customConditions) => {
    const imports = names.map((name, i) => `import * as m${i} from '${name}';`);
    const uses = names.map((_name, i) => `console.log(Object.keys(m${i}));`);
    const program = `
      import { input, mul, type Tensor } from 'mdensity/graph';
      const y: Tensor = mul(input('x', [2]), 2);
      // @ts-expect-error A shape is an array of numbers.
      input('x', 'two');
      console.log(y.shape);`;
    await installed.write('program.ts', [...imports, ...uses, program].join('\n'));
    const path = await installed.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'ES2023',
          lib: ['ES2023', 'DOM'],
          types: [],
          module,
          moduleResolution,
          customConditions,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
        },
        files: ['program.ts'],
      }),
    );
    const tsc = `${import.meta.dirname}/../node_modules/typescript/bin/tsc`;
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', path], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

describe("a browser's build", () => {
  /** Bundles a module, the engine left out; the names of modules and the bytes that they became. */
  async function bundle(text: string) {
    const entry = await installed.write('page.mjs', text);
    const result = await build({
      root: installed.folder,
      configFile: false,
      logLevel: 'silent',
      build: {
        write: false,
        minify: true,
        modulePreload: false,
        rolldownOptions: {
          input: entry,
          external: [/^onnxruntime-web/],
          preserveEntrySignatures: 'strict',
        },
      },
    });
    const { output } = result as Rolldown.RolldownOutput;
    const chunks = output.filter((part) => part.type === 'chunk');
    const code = chunks.map((chunk) => chunk.code).join('');
    const modules = chunks.flatMap((chunk) => chunk.moduleIds);
    return { code, modules, gzip: gzipSync(code, { level: 9 }).length };
  }

  /** Engines that code imports. */
  const engines = (code: string) =>
    [...code.matchAll(/import\([`'"](onnxruntime-(?:web|node)[^`'"]*)/g)]
      .map(([, name]) => name)
      .sort();

  const needless = /node_modules\/(zod|ml-matrix|linear-sum-assignment|csv-parse|fflate|yaml)\//;

  test('of grad is a few kilobytes, and brings no other package', async () => {
    const { code, modules } = await bundle("export { grad } from 'mdensity/graph';");
    expect(modules.filter((id) => /node_modules\/(?!mdensity)/.test(id))).toEqual([]);
    expect(code.length).toBeLessThan(20_000);
  });

  test('of grad and compile is small: its largest part writes ONNX', async () => {
    const { code, gzip, modules } = await bundle("export { compile, grad } from 'mdensity/graph';");
    expect(modules.filter((id) => needless.test(id))).toEqual([]);
    expect(code.length).toBeLessThan(140_000);
    expect(gzip).toBeLessThan(45_000);
    expect(engines(code)).toEqual(['onnxruntime-web/wasm', 'onnxruntime-web/webgpu']);
  });

  test('of what needs no Node asks for no module of Node', async () => {
    const pure = [
      ...['mdensity', 'mdensity/data', 'mdensity/density', 'mdensity/graph', 'mdensity/nn'],
      ...['mdensity/model', 'mdensity/train', 'mdensity/sample', 'mdensity/evaluate'],
      'mdensity/client',
    ];
    const exports = pure.map((name, i) => `export * as m${i} from '${name}';`);
    const { modules } = await bundle(exports.join('\n'));
    const node = modules.filter((id) => /browser-external|^node:|onnxruntime-node/.test(id));
    expect(node).toEqual([]);
  });
});
