import { type Command, Option } from 'commander';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { didYouMean } from '../nearest.ts';
import { findConfig } from './presets.ts';

/** One option of a command: on the command line, and by its key in a YAML file. */
export interface OptionSpec<S extends z.ZodType = z.ZodType> {
  /** Commander's form, such as `--sigma <noise>`; without a value it is a switch. */
  readonly flags: string;
  readonly description: string;
  readonly schema: S;
}

/** Options by key: the camel-case form of the long flag. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

export type OptionValues<T extends OptionTable> = {
  readonly [key in keyof T]: z.output<T[key]['schema']>;
};

/** Keeps the types of a table's schemas. */
export const defineOptions = <const T extends OptionTable>(table: T): T => table;

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

export function addGlobalOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON object on stdout; logs go to stderr')
    .option('--debug', 'print stack traces');
}

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
 * The values of a table's options: defaults, then the YAML file, then the command line.
 * @throws UserError naming the option, what it was given and what it takes.
 */
export async function readOptions<T extends OptionTable>(
  table: T,
  command: Command,
): Promise<OptionValues<T>> {
  return (await readOptionsAndGiven(table, command)).options;
}

/** As `readOptions`, with the options that were given apart from those that stand by default. */
export async function readOptionsAndGiven<T extends OptionTable>(
  table: T,
  command: Command,
): Promise<{ readonly options: OptionValues<T>; readonly given: Partial<OptionValues<T>> }> {
  const { raw, where } = await readGiven(table, command);
  const options: Record<string, unknown> = {};
  const given: Record<string, unknown> = {};
  for (const [key, { schema }] of Object.entries(table)) {
    const result = schema.safeParse(raw[key]);
    if (!result.success) {
      throw new UserError(`${where[key]}: ${describeIssue(result.error, raw[key])}`);
    }
    options[key] = result.data;
    if (Object.hasOwn(raw, key)) given[key] = result.data;
  }
  return { options: options as OptionValues<T>, given: given as Partial<OptionValues<T>> };
}

/** A table's values where nothing is given; options without a default are absent. */
export function defaultOptions<T extends OptionTable>(table: T): Partial<OptionValues<T>> {
  const entries = Object.entries(table).map(([key, { schema }]) => [
    key,
    schema.safeParse(undefined).data,
  ]);
  return Object.fromEntries(entries) as Partial<OptionValues<T>>;
}

async function readConfig(path: string, table: OptionTable): Promise<Record<string, unknown>> {
  const text = new TextDecoder().decode(await readBytes(path));
  let parsed: unknown;
  try {
    parsed = parseYaml(text, { logLevel: 'error' });
  } catch (cause) {
    const problem =
      cause instanceof YAMLParseError
        ? cause.message.split('\n')[0]!.replace(/:$/, '')
        : String(cause);
    throw new UserError(`${path}: is not valid YAML: ${problem}; mend that line`, { cause });
  }
  const record = z.record(z.string(), z.unknown()).safeParse(parsed ?? {});
  if (!record.success)
    throw new UserError(`${path}: must hold lines of "option: value", such as "steps: 500"`);
  for (const key of Object.keys(record.data)) {
    if (Object.hasOwn(table, key)) continue;
    const keys = Object.keys(table);
    throw new UserError(
      `${path}: option "${key}" is not known.${didYouMean(key, keys)} There are: ${keys.join(', ')}`,
    );
  }
  return record.data;
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
