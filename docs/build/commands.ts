/** The command reference, made of the same tables that the command line reads its options from. */
import type { Command, Option } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

/** Options that every command has, described once at the top of the page. */
const everywhere = new Set(['--config', '--json', '--debug', '--help']);

/** Writes the reference as Markdown, one section for each command. */
export function commandReference(): string {
  const commands = leaves(createProgram());
  return [
    '# Commands',
    '',
    'This page is made from the option tables of `src/cli` by `npm run docs:commands`.',
    '',
    'Every command takes `--help`, `--json` (one object on stdout, logs on stderr) and `--debug`',
    '(stack traces). Those marked with a star also take `--config FILE.yaml`: options as lines of',
    '`key: value`, over which the command line has the last word.',
    '',
    'Units are the same everywhere: `--sigma` is the noise of one measurement, `--step-size` is in',
    'units of σ, `--friction` is the effective friction γδ of one step.',
    '',
    '| command | what it does |',
    '| --- | --- |',
    ...commands.map(
      ({ name, command }) =>
        `| [\`${name}\`](#${slugOf(name)})${takesConfig(command) ? ' \\*' : ''} | ${cell(command.description())} |`,
    ),
    '',
    ...commands.flatMap(section),
  ].join('\n');
}

interface Named {
  readonly name: string;
  readonly command: Command;
}

/** Lists the commands that can be run, with their full names. */
function leaves(command: Command, path: readonly string[] = []): readonly Named[] {
  const name = [...path, command.name()];
  if (command.commands.length === 0) return [{ name: name.join(' '), command }];
  return command.commands.flatMap((child) => leaves(child, name));
}

function section({ name, command }: Named): readonly string[] {
  const options = command.options.filter(({ long }) => !everywhere.has(long ?? ''));
  const usage = command.usage().replace('[options]', '').trim();
  return [
    `## ${name}`,
    '',
    `${sentence(command.description())}`,
    '',
    ...(usage === '' ? [] : ['```sh', `${name} ${usage}`, '```', '']),
    ...(options.length === 0 ? [] : ['| option | |', '| --- | --- |', ...options.map(row), '']),
    ...after(command),
  ];
}

const row = ({ flags, description }: Option) =>
  `| \`${flags.replaceAll('|', '\\|')}\` | ${cell(description)} |`;

/** The text that `--help` ends with: examples, as code. */
function after(command: Command): readonly string[] {
  const lines: string[] = [];
  command.configureOutput({ writeOut: (text) => lines.push(text) }).outputHelp();
  // Commander writes the help first, then what was added after it.
  const [, ...added] = lines;
  const text = added.join('').trim();
  return text === '' ? [] : ['```text', text, '```', ''];
}

const takesConfig = (command: Command) => command.options.some(({ long }) => long === '--config');

const slugOf = (name: string) => name.replaceAll(' ', '-');

/** Keeps a text inside a cell of a table, and its brackets out of HTML. */
const cell = (text: string) =>
  text
    .replaceAll('|', '\\|')
    .replace(/</g, '&lt;')
    .replace(/\s*\n\s*/g, ' ');

function sentence(text: string): string {
  const whole = cell(text);
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}${whole.endsWith('.') ? '' : '.'}`;
}
