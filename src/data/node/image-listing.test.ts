import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { listImages } from './image-listing.ts';

const folder = temporaryFolder();
let folders = 0;

/** A folder of empty files of these names. */
function make(...names: string[]): string {
  const path = join(folder, `${folders++}`);
  mkdirSync(path);
  for (const name of names) put('', path, name);
  return path;
}

const names = (path: string, files: readonly { readonly path: string }[]) =>
  files.map((file) => file.path.slice(path.length + 1));

test('train, val and test are parts, by all their names', async () => {
  const path = make('train/a/1.png', 'val/a/2.png', 'test/a/3.png', 'test/b/4.png');
  const train = await listImages(path, undefined);
  expect(train).toMatchObject({
    part: 'train',
    classes: ['a'],
    passedOver: ['folder test', 'folder val'],
  });
  expect(names(path, train.files)).toEqual(['train/a/1.png']);
  expect((await listImages(path, 'test')).classes).toEqual(['a', 'b']);
  const other = make('Training/1.png', 'validation/2.png');
  expect(names(other, (await listImages(other, 'val')).files)).toEqual(['validation/2.png']);
  expect(names(other, (await listImages(other, 'train')).files)).toEqual(['Training/1.png']);
});

test.each([
  ['a part that is not there', ['train/1.png', 'val/2.png'], 'test'],
  ['no training part', ['test/1.png', 'val/2.png'], undefined],
  ['two names for one part', ['train/1.png', 'training/2.png'], undefined],
  ['parts beside other folders', ['train/1.png', 'test/2.png', 'extra/3.png'], undefined],
  ['a part of classes beside other folders', ['train/a/1.png', 'extra/a/3.png'], undefined],
  ['a part asked for beside other folders', ['train/1.png', 'bus/3.png'], 'train'],
  ['a part of classes', ['cat/1.png', 'dog/3.png'], 'test'],
] as const)('%s is refused', async (_, files, split) => {
  const error = await listImages(make(...files), split).then(
    () => undefined,
    (reason: unknown) => reason as { facts: { folders?: string[]; parts?: string[] } },
  );
  expect(error).toMatchObject({ name: 'UserError' });
  expect(error!.facts.folders ?? error!.facts.parts).toBeDefined();
});

test('a class may be called train', async () => {
  const { classes, part } = await listImages(
    make('bus/1.png', 'car/2.png', 'train/3.png'),
    undefined,
  );
  expect([classes, part]).toEqual([['bus', 'car', 'train'], undefined]);
});

test('links to folders and files are followed', async () => {
  const path = make('cat/1.png');
  const other = make('2.png', '3.png');
  symlinkSync(other, join(path, 'dog'));
  symlinkSync(join(other, '2.png'), join(path, 'cat', '0.png'));
  const { files, classes, notes } = await listImages(path, undefined);
  expect(classes).toEqual(['cat', 'dog']);
  expect(names(path, files)).toEqual(['cat/0.png', 'cat/1.png', 'dog/2.png', 'dog/3.png']);
  expect(notes).toEqual([]);
});

test('links in a circle and to nothing are passed over and said', async () => {
  const path = make('cat/deep/1.png');
  symlinkSync(path, join(path, 'cat', 'up'));
  symlinkSync(join(path, 'cat'), join(path, 'cat', 'deep', 'back'));
  symlinkSync(join(path, 'nothing'), join(path, 'cat', '2.png'));
  const { files, notes } = await listImages(path, undefined);
  expect(names(path, files)).toEqual(['cat/deep/1.png']);
  expect(notes).toHaveLength(3);
});

test('links that double at every level end in one error', async () => {
  const path = make();
  const levels = Array.from({ length: 40 }, (_, i) => join(path, `.level${i}`));
  for (const level of levels) mkdirSync(level);
  levels.forEach((level, i) => {
    const next = levels[i + 1];
    if (next === undefined) put('', level, '1.png');
    else for (const name of ['a', 'b']) symlinkSync(next, join(level, name));
  });
  symlinkSync(levels[0]!, join(path, 'class'));
  await expect(listImages(path, undefined)).rejects.toMatchObject({ code: 'unsupported' });
});

test('what is passed over is said, by its ending', async () => {
  const path = make('cat/1.png', 'cat/2.gif', 'cat/3.GIF', 'notes.txt', 'README');
  const { passedOver } = await listImages(path, undefined);
  expect(passedOver).toEqual(['files: 1 without ending', 'files: 2 .gif', 'files: 1 .txt']);
});

test('a thousand classes', async () => {
  const path = make(...Array.from({ length: 1000 }, (_, i) => `c${i}/1.png`));
  const { classes, files } = await listImages(path, undefined);
  expect(classes).toHaveLength(1000);
  expect(files.at(-1)?.label).toBe(999);
});
