/**
 * One descriptor for each setting. The field of the link, the control and the option of the command
 * that is shown are made from it, so that they cannot disagree.
 */
import * as field from '../link.ts';
import type { Scale, SliderRange } from './scale.ts';

interface Common<T> {
  /** What the control is called. */
  readonly title: string;
  /** Says what it means and does, in one or two sentences. */
  readonly explain: string;
  /** Name of its equation in the table that the control is given. */
  readonly equation?: string;
  readonly default: T;
  /** Option of the command line, without dashes; absent where the command has none. */
  readonly option?: string;
  /** Says why the setting plays no part in a state; undefined where it does. */
  readonly idle?: (state: never) => string | undefined;
}

interface NumberSetting extends Common<number> {
  readonly kind: 'number';
  readonly range: readonly [min: number, max: number];
  readonly scale?: Scale;
  readonly step?: number;
  readonly whole?: boolean;
  readonly unit?: string;
}

interface ChoiceSetting<T extends string = string> extends Common<T> {
  readonly kind: 'choice';
  readonly choices: readonly Choice<T>[];
  /** What further values look like that depend on something else, such as a model's classes. */
  readonly further?: RegExp;
}

/** A value to choose, and what the reader sees of it. */
export interface Choice<T extends string = string> {
  readonly value: T;
  readonly label: string;
}

interface FlagSetting extends Common<boolean> {
  readonly kind: 'flag';
}

/** A whole number from 0 to 2^53 − 1, one as good as another. */
export interface SeedSetting extends Common<number> {
  readonly kind: 'seed';
}

/** Describes one setting of a view. */
export type Setting = NumberSetting | ChoiceSetting | FlagSetting | SeedSetting;

/** Settings by the key that they have in the state and in a link. */
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<D> = D extends { readonly kind: 'number' | 'seed' }
  ? number
  : D extends { readonly kind: 'flag' }
    ? boolean
    : D extends ChoiceSetting<infer T>
      ? T
      : never;

/** Fields of a link for settings. */
export type FieldsOf<D extends Settings> = {
  readonly [key in keyof D]: field.Field<ValueOf<D[key]>>;
};

/** Describes a number on a slider. */
export const number = (setting: Omit<NumberSetting, 'kind'>): NumberSetting => ({
  kind: 'number',
  ...setting,
});

/** Describes one of some names. */
export const choice = <const T extends string>(
  setting: Omit<ChoiceSetting<T>, 'kind'>,
): ChoiceSetting<T> => ({ kind: 'choice', ...setting });

/** Describes yes or no. */
export const flag = (setting: Omit<FlagSetting, 'kind'>): FlagSetting => ({
  kind: 'flag',
  ...setting,
});

/** Makes the fields of a link: it accepts what the controls can set, and no more. */
export function fieldsOf<D extends Settings>(settings: D): FieldsOf<D> {
  const entries = Object.entries(settings).map(([key, setting]) => [key, fieldOf(setting)]);
  return Object.fromEntries(entries) as FieldsOf<D>;
}

function fieldOf(setting: Setting): field.Field<never> {
  if (setting.kind === 'flag') return field.flag(setting.default) as field.Field<never>;
  if (setting.kind === 'choice') {
    const names = setting.choices.map(({ value }) => value);
    return field.choice<string>(setting.default, names, setting.further) as field.Field<never>;
  }
  if (setting.kind === 'seed')
    return field.whole(setting.default, { min: 0 }) as field.Field<never>;
  const [min, max] = setting.range;
  const make = setting.whole ? field.whole : field.number;
  return make(setting.default, { min, max }) as field.Field<never>;
}

/** Returns what a slider needs to know. */
export const sliderRange = ({ range, scale, step, whole }: NumberSetting): SliderRange => ({
  min: range[0],
  max: range[1],
  scale: scale ?? 'linear',
  step: step ?? 1,
  whole: whole ?? false,
});

/** Returns the options of a command for what differs from its defaults, such as `--chains 4`. */
export function optionsOf<D extends Settings>(
  settings: D,
  state: { readonly [key in keyof D]: ValueOf<D[key]> },
  /**
   * Values that the command takes where nothing is said, where they are not the studio's own;
   * undefined for what is always said.
   */
  standards: { readonly [key in keyof D]?: unknown } = {},
): readonly string[] {
  return Object.entries(settings).flatMap(([key, setting]) => {
    const { option } = setting;
    const value: unknown = state[key];
    const standard = Object.hasOwn(standards, key) ? standards[key] : setting.default;
    if (option === undefined || value === standard) return [];
    if (setting.kind !== 'flag') return [`--${option} ${value}`];
    return value ? [`--${option}`] : [];
  });
}
