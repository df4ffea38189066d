#!/usr/bin/env node
import { reportError, runCommandLine } from './program.ts';

const args = process.argv.slice(2);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader of our output that goes away, such as head, is no error.
  if (error.code === 'EPIPE') process.exit(0);
  process.exit(reportError(error, args, 'standard output'));
});
// A terminal that was closed: there is nobody to tell.
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(reportError(error, args)));

process.exitCode = await runCommandLine(args);
