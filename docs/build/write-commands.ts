/** Writes the command reference into its page. */
import { writeFileSync } from 'node:fs';
import { commandReference } from './commands.ts';

writeFileSync(new URL('../commands.md', import.meta.url), commandReference());
