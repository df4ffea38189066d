/**
 * Permanent links: the state of a view as text after `#`, such as
 * `#/walk?v=1&sigma=0.5&kernel=mala`. Every value is checked as it is read, and a value that stands
 * by default is left out.
 */
import * as z from 'zod/mini';
import { listed } from '../src/quoted.ts';

/** One value of a view's state. */
export interface Field<T = unknown> {
  readonly default: T;
  /** The value of a link's text; a result that does not parse is a damaged link. */
  readonly parse: (text: string) => { readonly success: boolean; readonly data?: T | undefined };
  format(value: T): string;
}

/** What of a view a link holds. Raise `version` when an old link would mean something else. */
export interface LinkSchema<F extends Readonly<Record<string, Field>> = Fields> {
  readonly version: number;
  readonly fields: F;
  /**
   * Gives the defaults that depend on other values, such as the friction that suits a model. It is
   * told what a link says, or all values.
   */
  readonly dependent?: (
    given: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  /** Gives what a parameter of older links, and its text, is called now; undefined for others. */
  readonly older?: (name: string, written: string) => readonly [string, string] | undefined;
}

type Fields = Readonly<Record<string, Field>>;

/** The state that a schema describes: plain values by name. */
export type LinkState<S> =
  S extends LinkSchema<infer F>
    ? { -readonly [key in keyof F]: F[key] extends Field<infer T> ? T : never }
    : never;

/** Keeps the types of the fields. */
export const linkSchema = <F extends Fields>(
  version: number,
  fields: F,
  more: Pick<LinkSchema, 'dependent' | 'older'> = {},
): LinkSchema<F> => ({ version, fields, ...more });

/** Parameters of a link that are the page's and no view's: see `route.svelte.ts`. */
export const pageParameters = ['embed', 'tour'] as const;

interface Range {
  readonly min?: number;
  readonly max?: number;
}

const inRange = ({ min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: Range) => [
  z.gte(min),
  z.lte(max),
];

/** A finite number. */
export const number = (value: number, range: Range = {}): Field<number> =>
  field(value, z.number().check(...inRange(range)), { read: toNumber, format: String });

/** A whole number, exact up to 2^53. */
export const whole = (value: number, range: Range = {}): Field<number> =>
  field(value, z.int().check(...inRange(range)), { read: toNumber, format: String });

/** One of some names, or what looks like `further`. */
export const choice = <const T extends string>(
  value: NoInfer<T>,
  names: readonly T[],
  further?: RegExp,
): Field<T> => {
  const named = z.enum(names as readonly [T, ...T[]]);
  const schema = further ? z.union([named, z.string().check(z.regex(further))]) : named;
  return field<T>(value, schema as z.ZodMiniType<T>, verbatim);
};

/** Yes or no: 1 or 0. */
export const flag = (value: boolean): Field<boolean> =>
  field(value, z.boolean(), {
    read: (text) => (text === '1' ? true : text === '0' ? false : text),
    format: (on) => (on ? '1' : '0'),
  });

/** Short text. */
export const text = (value: string, maxLength = 200): Field<string> =>
  field(value, z.string().check(z.maxLength(maxLength)), verbatim);

/**
 * Rows of `width` numbers, such as points of the plane: `1,2;3,4`. Numbers are written with three
 * decimals: round what you put there, so that a link gives it back.
 */
export const rows = (
  value: readonly (readonly number[])[],
  { width, max }: { readonly width: number; readonly max: number },
): Field<readonly (readonly number[])[]> =>
  field<readonly (readonly number[])[]>(
    value,
    z.array(z.array(z.number()).check(z.length(width))).check(z.maxLength(max)),
    {
      read: (written) =>
        written === '' ? [] : written.split(';').map((row) => row.split(',').map(toNumber)),
      format: (all) => all.map((row) => row.map((x) => +x.toFixed(3)).join(',')).join(';'),
    },
  );

/** A field of your own: what Zod checks, and how it is written. */
export function field<T>(
  value: T,
  schema: z.ZodMiniType<T>,
  { read, format }: { read: (text: string) => unknown; format: (value: T) => string },
): Field<T> {
  return { default: value, parse: (written) => schema.safeParse(read(written)), format };
}

const verbatim = { read: (written: string) => written, format: (value: string) => value };

function toNumber(written: string): number {
  return written.trim() === '' ? Number.NaN : Number(written);
}

/** What a link says: a view's state, and what could not be read of it. */
export interface Decoded<S> {
  readonly state: LinkState<S>;
  /** One line for the reader; absent where all of the link was understood. */
  readonly problem?: string;
}

/** The name of the view and the parameters of a hash. */
export function splitHash(hash: string): { readonly view: string; readonly query: string } {
  const [path = '', ...rest] = hash.replace(/^#?\/?/, '').split('?');
  return { view: path, query: rest.join('?') };
}

/** A view's hash, with the leading `#`. */
export function encodeLink<S extends LinkSchema>(
  view: string,
  schema: S,
  state: LinkState<S>,
): string {
  const parts: string[] = [];
  const values = state as Record<string, unknown>;
  const dependent = schema.dependent?.(values) ?? {};
  for (const [name, { default: fixed, format }] of Object.entries(schema.fields)) {
    const written = format(values[name]);
    const standard = dependent[name] ?? fixed;
    if (written !== format(standard)) parts.push(`${name}=${escaped(written)}`);
  }
  return parts.length === 0
    ? `#/${view}`
    : `#/${view}?${[`v=${schema.version}`, ...parts].join('&')}`;
}

/** Fewer escapes than `encodeURIComponent`: what stands in lists stays readable. */
const escaped = (written: string) =>
  encodeURIComponent(written).replaceAll('%2C', ',').replaceAll('%3B', ';');

/** The state of a link. Never throws: what cannot be read takes its default and is named. */
export function decodeLink<S extends LinkSchema>(schema: S, query: string): Decoded<S> {
  const given = new URLSearchParams(query.replaceAll('+', '%2B'));
  const version = given.get('v') ?? String(schema.version);
  for (const name of ['v', ...pageParameters]) given.delete(name);
  const state: Record<string, unknown> = {};
  for (const [name, { default: standard }] of Object.entries(schema.fields)) state[name] = standard;
  const decoded = state as LinkState<S>;
  if (version !== String(schema.version)) {
    const age = Number(version) < schema.version ? 'an older' : 'another';
    return {
      state: decoded,
      problem: `This link was made by ${age} version of the studio and cannot be read any more; the view starts as it is by default.`,
    };
  }
  const bad: string[] = [];
  const read: Record<string, unknown> = {};
  for (const [key, value] of given) {
    const [name, written] = schema.older?.(key, value) ?? [key, value];
    const result = Object.hasOwn(schema.fields, name)
      ? schema.fields[name]!.parse(written)
      : { success: false };
    if (result.success) read[name] = result.data;
    else bad.push(`${name}=${written.length > 40 ? `${written.slice(0, 40)}…` : written}`);
  }
  Object.assign(state, schema.dependent?.(read), read);
  if (bad.length === 0) return { state: decoded };
  return {
    state: decoded,
    problem: `Part of this link could not be read: ${listed(bad, 5)}. What it would set is as it is by default.`,
  };
}
