import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandReference } from './commands.ts';

it('the page of commands is what the option tables say', () => {
  const page = readFileSync(new URL('../commands.md', import.meta.url), 'utf8');
  expect(page, 'run npm run docs:commands').toBe(commandReference());
});
