import { type Command, Option } from 'commander';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import type { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import type { OptionTable, OptionValues } from '../option-table.ts';
import { oneLine, quoted } from '../quoted.ts';
import { findConfig } from './presets.ts';

export {
  defineOptions,
  type OptionTable,
  type OptionValues,
} from '../option-table.ts';

export interface GlobalOptions {
  readonly json: boolean;
  readonly debug: boolean;
}

/** Adds a table's options, and those that every command has. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const { flags, description, schema } of Object.values(table)) {
    command.addOption(new Option(flags, describeOption(description, schema)));
  }
  return addGlobalOptions(
    command.option(
      '--config <file.yaml|preset>',
      'read options from a YAML file, or a preset of mdensity info; the command line has the last word',
    ),
  );
}

/** Adds the options that every command has. */
export function addGlobalOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON object on stdout; logs go to stderr')
    .option('--debug', 'print stack traces');
}

/** Reads the options that every command has. */
export const globalOptions = (command: Command): GlobalOptions => {
  const { json = false, debug = false } = command.opts<Partial<GlobalOptions>>();
  return { json, debug };
};

/** Options as they were given: the YAML file, then the command line over it. */
interface Given {
  readonly raw: Readonly<Record<string, unknown>>;
  /** Where an option was given, for errors. */
  readonly where: Readonly<Record<string, string>>;
}

async function readGiven(table: OptionTable, command: Command): Promise<Given> {
  const { config, ...line } = command.opts<Record<string, unknown>>();
  const file = typeof config === 'string' ? await readConfig(findConfig(config), table) : {};
  const raw: Record<string, unknown> = {};
  const where: Record<string, string> = {};
  for (const [key, { schema, flags }] of Object.entries(table)) {
    where[key] = flags.split(' ')[0]!;
    if (Object.hasOwn(line, key)) raw[key] = fromText(line[key], schema);
    else if (Object.hasOwn(file, key)) {
      raw[key] = file[key];
      where[key] = `${config}: ${key}`;
    }
  }
  return { raw, where };
}

/**
 * Reads the values of a table's options: defaults, then the YAML file, then the command line.
 * @throws UserError naming the option, what it was given and what it takes.
 */
export async function readOptions<T extends OptionTable>(
  table: T,
  command: Command,
): Promise<OptionValues<T>> {
  return (await readOptionsAndGiven(table, command)).options;
}

/**
 * Reads as `readOptions` does, with the options that were given apart from those that stand by
 * default.
 */
export async function readOptionsAndGiven<T extends OptionTable>(
  table: T,
  command: Command,
): Promise<{ readonly options: OptionValues<T>; readonly given: Partial<OptionValues<T>> }> {
  const { raw, where } = await readGiven(table, command);
  const options: Record<string, unknown> = {};
  const given: Record<string, unknown> = {};
  for (const [key, { schema }] of Object.entries(table)) {
    checkGiven(key, where[key]!, raw[key]);
    const result = schema.safeParse(raw[key]);
    if (!result.success) {
      throw new UserError(`${where[key]}: ${describeIssue(result.error, raw[key])}`);
    }
    options[key] = result.data;
    if (Object.hasOwn(raw, key)) given[key] = result.data;
  }
  return { options: options as OptionValues<T>, given: given as Partial<OptionValues<T>> };
}

/** @throws UserError for an empty text, as of a variable that is not set, and for `--out -`. */
function checkGiven(option: string, where: string, value: unknown): void {
  if (value === '') {
    throw new UserError(`${where}: is empty, as of a variable that is not set; give a value`, {
      facts: { option, value },
    });
  }
  if (option === 'out' && value === '-') {
    throw new UserError(`${where} -: nothing is written to stdout but --json; give a path`, {
      facts: { option, value },
    });
  }
}

/** Lists a table's values where nothing is given; options without a default are absent. */
export function defaultOptions<T extends OptionTable>(table: T): Partial<OptionValues<T>> {
  const entries = Object.entries(table).map(([key, { schema }]) => [
    key,
    schema.safeParse(undefined).data,
  ]);
  return Object.fromEntries(entries) as Partial<OptionValues<T>>;
}

async function readConfig(path: string, table: OptionTable): Promise<Record<string, unknown>> {
  return readYamlOptions(await readBytes(path), path, table);
}

/** Longest file of options, in bytes. */
const LONGEST = 2 ** 20;

/**
 * Reads the options of a YAML file's bytes, by the keys of a table. `path` is named in errors.
 *
 * @throws UserError, one line, for what is no YAML, no list of options, too long, or an option not
 *   known.
 */
export function readYamlOptions(
  bytes: Uint8Array,
  path: string,
  table: OptionTable,
): Record<string, unknown> {
  const facts = { path };
  if (bytes.length > LONGEST) {
    throw new UserError(`${path}: has ${bytes.length} bytes, too many for a file of options`, {
      code: 'unsupported',
      facts,
    });
  }
  let parsed: unknown;
  try {
    parsed = parseYaml(new TextDecoder().decode(bytes), { logLevel: 'error' });
  } catch (cause) {
    const problem =
      cause instanceof YAMLParseError
        ? cause.message.split('\n')[0]!.replace(/:$/, '')
        : oneLine(String(cause));
    throw new UserError(`${path}: is not valid YAML: ${problem}; mend that line`, {
      code: 'unreadable',
      facts,
      cause,
    });
  }
  const values = parsed ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new UserError(`${path}: must hold lines of "option: value", such as "steps: 500"`, {
      facts,
    });
  }
  return optionsIn(values as Readonly<Record<string, unknown>>, table, path);
}

/**
 * The values of a file by the keys of a table. A key may be written as the flag is, `step-size`.
 *
 * @throws UserError for a key that is none, with the nearest, and for one that is given in both
 *   ways.
 */
function optionsIn(
  values: Readonly<Record<string, unknown>>,
  table: OptionTable,
  path: string,
): Record<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [written, value] of Object.entries(values)) {
    const key = written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (!Object.hasOwn(table, key)) {
      const keys = Object.keys(table);
      throw new UserError(
        `${path}: option ${quoted(written)} is not known.${didYouMean(key, keys)} There are: ${keys.join(', ')}`,
        { facts: { path, option: written } },
      );
    }
    if (found.has(key)) {
      throw new UserError(
        `${path}: option "${key}" is given twice, as ${quoted(written)} too; remove one`,
        {
          facts: { path, option: key },
        },
      );
    }
    found.set(key, value);
  }
  return Object.fromEntries(found);
}

/** The command line gives text; numbers are read where the schema wants one. */
function fromText(value: unknown, schema: z.ZodType): unknown {
  if (typeof value !== 'string' || schema.safeParse(value).success) return value;
  const number = Number(value);
  return value.trim() !== '' && !Number.isNaN(number) ? number : value;
}

function describeIssue(error: z.ZodError, given: unknown): string {
  if (given === undefined) return 'is missing; give it on the command line or in the --config file';
  const issue = error.issues[0]!;
  const but = `it is ${typeof given === 'number' ? given : JSON.stringify(given)}`;
  switch (issue.code) {
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}; ${but}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}; ${but}`;
    case 'invalid_value': {
      const names = issue.values.map(String);
      return `must be one of ${names.join(', ')}; ${but}.${didYouMean(String(given), names)}`;
    }
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? `a ${issue.expected}`}; ${but}`;
    default:
      return `${issue.message}; ${but}`;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a finite number',
  string: 'text',
  boolean: 'true or false',
};

function describeOption(description: string, schema: z.ZodType): string {
  const standard = schema.safeParse(undefined);
  if (!standard.success) return `${description} (required)`;
  const value = standard.data;
  return value === undefined || value === false ? description : `${description} (default ${value})`;
}
