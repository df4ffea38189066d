import { Command, CommanderError } from 'commander';
import { UserError } from '../errors.ts';
import { bayesCommand } from './bayes.ts';
import { dataCommand } from './data.ts';
import { demoCommand } from './demo.ts';
import { evaluateCommand } from './evaluate.ts';
import { experimentCommand } from './experiment.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { infoCommand } from './info.ts';
import { reportCommand } from './report.ts';
import { sampleCommand } from './sample.ts';
import { spectrumCommand } from './spectrum.ts';
import { studioCommand } from './studio.ts';
import { trainCommand } from './train.ts';
import { packageVersion } from './versions.ts';
import { walkCommand } from './walk.ts';

const USAGE_ERROR = 2;

const commands = [
  trainCommand,
  sampleCommand,
  evaluateCommand,
  experimentCommand,
  reportCommand,
  walkCommand,
  bayesCommand,
  spectrumCommand,
  dataCommand,
  exportCommand,
  importCommand,
  infoCommand,
  studioCommand,
  demoCommand,
];

/** Runs one command with its arguments, as `mdensity` would, and returns its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return report(error, args.includes('--debug'));
  }
}

function createProgram(): Command {
  const program = new Command('mdensity')
    .description(
      'Generative modelling with smoothed densities: learn an M-density, walk it, jump to clean samples.',
    )
    .version(packageVersion())
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) =>
        write(`mdensity: ${oneLine(text).replace(/\.$/, '')}; see --help\n`),
    })
    .exitOverride();
  for (const addCommand of commands) addCommand(program);
  return program;
}

/** Says what went wrong in one line; stack traces are for --debug. Returns the exit code. */
function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.stderr.write(`mdensity: ${oneLine(describe(error))}\n`);
  return error instanceof UserError ? error.exitCode : 1;
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UserError) return message;
  if (/invalid (typed )?array length|array buffer allocation|failed to allocate/i.test(message)) {
    return `not enough memory (${message}); try a smaller --batch, --limit or --chains`;
  }
  return `unexpected error: ${message} (a defect of mdensity; --debug shows where)`;
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
}
