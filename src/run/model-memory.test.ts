import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadModel } from './model-file.ts';
import { checkModelMemory, type HeldModel, heldBytes, weightBytesOf } from './model-memory.ts';
import { readPublished } from './pretrained/read-published.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const guided = { source: 'guided-256', weightBytes: weightBytesOf(552_814_086) };

test('552 million parameters are 2.2 GB, and three times that while they are imported', () => {
  expect(() => checkModelMemory({ ...guided, work: 'import' }, 6e9)).toThrow(
    expect.objectContaining({
      code: 'memory',
      message:
        'guided-256: has 2.2 GB of weights and needs about 6.9 GB to be imported, 6.0 GB are free; use a machine with more memory',
      facts: expect.objectContaining({ needed: 3.1 * (4 * 552_814_086), available: 6e9 }),
    }),
  );
  expect(() => checkModelMemory({ ...guided, work: 'openApart' }, 8e9)).not.toThrow();
});

test('the number of processes that is told fits, and one more does not', () => {
  const works = fc.constantFrom<HeldModel['work'][]>(
    ...(['import', 'open', 'openBeside', 'openApart', 'openInt8'] as const),
  );
  const sizes = fc.record({
    work: works,
    weightBytes: fc.integer({ min: 3e8, max: 4e9 }),
    available: fc.integer({ min: 2e9, max: 8e11 }),
  });
  const refusal = (model: HeldModel, available: number) => {
    try {
      checkModelMemory(model, available);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  fc.assert(
    fc.property(sizes, ({ available, ...rest }) => {
      const model = { source: 'm', ...rest, processes: 2000 };
      const message = refusal(model, available);
      expect(message).toBeDefined();
      const most = Number(/give workers (\d+)$/.exec(message!)?.[1] ?? 0);
      expect(heldBytes({ ...model, processes: most })).toBeLessThanOrEqual(0.9 * available);
      if (most > 0) expect(refusal({ ...model, processes: most }, available)).toBeUndefined();
      const more = { ...model, processes: most + 1 };
      if (heldBytes(more) > 5e8) expect(refusal(more, available)).toBeDefined();
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('nothing is refused where the free memory is not known, or the model is small', () => {
  expect(() => checkModelMemory({ ...guided, work: 'open' }, undefined)).not.toThrow();
  expect(() =>
    checkModelMemory({ source: 'small', weightBytes: 1e8, work: 'import' }, 0),
  ).not.toThrow();
});

/** A file that says it has four terabytes, and takes none. */
function sparse(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, 4e12);
  return path;
}

test('a file is measured before it is read', async () => {
  await expect(loadModel(sparse('large.onnx'), {})).rejects.toThrow(
    expect.objectContaining({ code: 'memory', message: expect.stringContaining('to be opened') }),
  );
  await expect(loadModel(sparse('large.onnx'), { precision: 'int8' })).rejects.toMatchObject({
    code: 'memory',
    facts: { needed: 8.6 * 4e12 },
  });
  await expect(readPublished(sparse('large.pt'))).rejects.toThrow(
    expect.objectContaining({ code: 'memory', message: expect.stringContaining('to be imported') }),
  );
});
