/** Each view has its link, its controls and its command from one table. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packagePath } from '../../src/package-folder.ts';
import type { LinkSchema } from '../link.ts';
import { targetSettings } from '../target/fields.ts';
import * as images from '../views/images/schema.ts';
import * as shape from '../views/shape/schema.ts';
import * as train from '../views/train/schema.ts';
import * as walk from '../views/walk/schema.ts';
import type { Setting, Settings } from './setting.ts';

interface View {
  readonly command?: string;
  readonly schema: LinkSchema;
  readonly tables: readonly Settings[];
  /** What of the link is no setting. */
  readonly beside?: readonly string[];
}

const views: Readonly<Record<string, View>> = {
  shape: { schema: shape.schema, tables: [targetSettings, shape.shownSettings] },
  walk: {
    command: 'walk',
    schema: walk.schema,
    tables: [
      targetSettings,
      walk.walkSettings,
      walk.shownSettings,
      walk.besideSettings,
      walk.questionSettings,
    ],
  },
  train: {
    command: 'train',
    schema: train.schema,
    tables: [targetSettings, train.modelSettings, train.trainSettings, train.shownSettings],
  },
  images: {
    command: 'sample',
    schema: images.schema,
    tables: [images.walkSettings, images.keptSettings, images.shownSettings],
    beside: ['model', 'open'],
  },
};

/** What is drawn and not set: rows of numbers. */
const drawn = ['points', 'centres'];

/** Texts of a link at the ends of what a control can set, and beyond. */
function textsOf(setting: Setting): { readonly taken: string[]; readonly refused: string[] } {
  if (setting.kind === 'flag') return { taken: ['0', '1'], refused: ['yes'] };
  if (setting.kind === 'choice') {
    return { taken: setting.choices.map(({ value }) => value), refused: ['no such thing'] };
  }
  if (setting.kind === 'seed') return { taken: ['0', '7'], refused: ['-1', '1.5'] };
  const [least, most] = setting.range;
  const beyond = [least - 1, most + 1].map(String);
  return { taken: [String(least), String(most)], refused: beyond };
}

test.each(Object.entries(views))('%s: a link holds what the tables say, no more', (_, view) => {
  const settings = Object.assign({}, ...view.tables) as Settings;
  expect(Object.keys(view.schema.fields).sort()).toEqual(
    [...Object.keys(settings), ...(view.beside ?? drawn)].sort(),
  );
  for (const [key, setting] of Object.entries(settings)) {
    const { parse } = view.schema.fields[key]!;
    const { taken, refused } = textsOf(setting);
    for (const text of taken) expect([key, text, parse(text).success]).toEqual([key, text, true]);
    for (const text of refused)
      expect([key, text, parse(text).success]).toEqual([key, text, false]);
  }
});

test.each(Object.values(views).filter(({ command }) => command))(
  '$command: the command has every option that is named',
  ({ command, tables }) => {
    const reference = readFileSync(packagePath('docs/commands.md'), 'utf8');
    const section = reference
      .split(/^## /m)
      .find((part) => part.startsWith(`mdensity ${command}\n`))!;
    const options = tables
      .flatMap((table) => Object.values(table))
      .flatMap(({ option }) => (option === undefined ? [] : [option]));
    expect(options.length).toBeGreaterThan(8);
    for (const option of options) expect(section).toContain(`\`--${option} `);
  },
);
