#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { UserError } from '../errors.ts';
import { dataCommand } from './data.ts';
import { demoCommand } from './demo.ts';
import { infoCommand } from './info.ts';
import { sampleCommand } from './sample.ts';
import { trainCommand } from './train.ts';
import { packageVersion } from './versions.ts';

const USAGE_ERROR = 2;

const program = new Command('mdensity')
  .description(
    'Generative modelling with smoothed densities: learn an M-density, walk it, jump to clean samples.',
  )
  .version(packageVersion())
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(`mdensity: ${oneLine(text)}\n`) })
  .exitOverride();

for (const addCommand of [trainCommand, sampleCommand, dataCommand, infoCommand, demoCommand]) {
  addCommand(program);
}

// A reader of our output that goes away, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says what went wrong in one line; stack traces are for --debug. Returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  const debug = process.argv.includes('--debug');
  if (debug) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  else if (error instanceof UserError)
    process.stderr.write(`mdensity: ${oneLine(error.message)}\n`);
  else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `mdensity: unexpected error: ${oneLine(message)} (a defect of mdensity; --debug shows where)\n`,
    );
  }
  return error instanceof UserError ? error.exitCode : 1;
}

function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
}
