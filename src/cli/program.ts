import { Command, CommanderError } from 'commander';
import { UserError } from '../errors.ts';
import { systemCode, writeError } from '../files.ts';
import { oneLine as inOneLine } from '../quoted.ts';
import { packageVersion } from '../run/versions.ts';
import { averageCommand } from './average.ts';
import { bayesCommand } from './bayes.ts';
import { dataCommand } from './data.ts';
import { demoCommand } from './demo.ts';
import { inShellWords } from './error-words.ts';
import { evaluateCommand } from './evaluate.ts';
import { experimentCommand } from './experiment-paper-a.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { infoCommand } from './info.ts';
import { forgetStop, stoppedExitCode } from './interrupt.ts';
import { modelsCommand } from './models.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { sampleCommand } from './sample.ts';
import { serveCommand } from './serve.ts';
import { spectrumCommand } from './spectrum.ts';
import { studioCommand } from './studio.ts';
import { trainCommand } from './train.ts';
import { walkCommand } from './walk.ts';
import { workerCommand } from './worker.ts';

const USAGE_ERROR = 2;

const commands = [
  trainCommand,
  averageCommand,
  sampleCommand,
  evaluateCommand,
  experimentCommand,
  reportCommand,
  runsCommand,
  walkCommand,
  bayesCommand,
  spectrumCommand,
  dataCommand,
  exportCommand,
  importCommand,
  modelsCommand,
  infoCommand,
  studioCommand,
  serveCommand,
  demoCommand,
  workerCommand,
];

/** Runs one command with its arguments, as `mdensity` would, and returns its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  forgetStop();
  try {
    await createProgram(args).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, args);
  }
}

/** Makes the program with all its commands; hints of wrong options look at `args`. */
export function createProgram(args: readonly string[] = []): Command {
  const program = new Command('mdensity');
  program
    .description(
      'Generative modelling with smoothed densities: learn an M-density, walk it, jump to clean samples.',
    )
    .version(packageVersion())
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) =>
        write(
          `mdensity: ${oneLine(text).replace(/\.$/, '')}${ownWord(text, program, args)}; see --help\n`,
        ),
    })
    .exitOverride();
  for (const addCommand of commands) addCommand(program);
  return program;
}

/**
 * Says what went wrong in one line; stack traces are for --debug.
 * @param path where the system failed, if it is known.
 * @returns the exit code.
 */
export function reportError(error: unknown, args: readonly string[], path?: string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  if (args.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.stderr.write(`mdensity: ${oneLine(describe(ofSystem(error, path)))}\n`);
  return error instanceof UserError && error.code === 'stopped' ? stoppedExitCode() : 1;
}

/** What fails for want of files, wherever that is, or in writing to a place that has a name. */
function ofSystem(error: unknown, path: string | undefined): unknown {
  if (error instanceof UserError) return error;
  const isLimit = /^E[MN]FILE$/.test(systemCode(error));
  return path !== undefined || isLimit ? writeError(error, path ?? 'this process') : error;
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UserError) return inShellWords(error);
  if (/invalid (typed )?array length|array buffer allocation|failed to allocate/i.test(message)) {
    return `not enough memory (${message}); try a smaller --batch, --limit or --chains`;
  }
  return `unexpected error: ${message} (a defect of mdensity; --debug shows where)`;
}

function oneLine(text: string): string {
  return inOneLine(text.trim().replace(/^error: /, ''), LONGEST);
}

/** Characters of an error. */
const LONGEST = 4000;

/** Options as other programs call them, and what they are called here. */
const otherWords: Readonly<Record<string, string>> = {
  '--lr': '--learning-rate',
  '--epochs': '--steps',
  '--iterations': '--steps',
  '--batch-size': '--batch',
  '--dataset': '--data',
  '--network': '--net',
  '--arch': '--net',
  '--output': '--out',
  '--checkpoint': '--model',
  '--noise': '--sigma',
};

/** The hint for an option that another program has, where the command has it under its own name. */
function ownWord(text: string, program: Command, args: readonly string[]): string {
  const unknown = /unknown option '(--[\w-]+)/.exec(text)?.[1];
  const own = unknown === undefined ? undefined : otherWords[unknown];
  if (own === undefined || text.includes('Did you mean')) return '';
  const command = program.commands.find((each) => each.name() === args[0]);
  const has = command?.options.some(({ long }) => long === own) ?? false;
  return has ? ` (Did you mean ${own}?)` : '';
}
