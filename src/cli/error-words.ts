import type { ErrorFacts, UserError } from '../errors.ts';
import { shellWord } from '../text.ts';

/** Commands that mend an error, by the remedy that its facts name. */
const remedies: Readonly<Record<string, (facts: ErrorFacts) => string>> = {
  resume: ({ path }) => `mdensity train --out ${shellWord(String(path))} --resume`,
  'fetch-inception': () => 'mdensity evaluate --fetch-inception',
  'fetch-model': ({ model }) => `mdensity import ${shellWord(String(model))}`,
  'fetch-data': ({ data }) => `mdensity data fetch ${shellWord(String(data))}`,
};

/**
 * Says an error of the library as the shell's user knows it: options as flags, and the command that
 * mends it. `jumpEvery 0: …` becomes `--jump-every 0: …`.
 */
export function inShellWords({ message, facts }: UserError): string {
  const { option, options, remedy } = facts;
  let words = message;
  if (typeof option === 'string' && isNameAt(words, option, 0)) {
    words = `${flagOf(option)}${words.slice(option.length)}`;
  }
  for (const name of Array.isArray(options) ? options.map(String) : []) {
    words = words.replace(new RegExp(`(?<![\\w-])${name}(?![\\w-])`), flagOf(name));
  }
  const command = typeof remedy === 'string' ? remedies[remedy]?.(facts) : undefined;
  return command === undefined ? words : `${words}: ${command}`;
}

/** Writes the flag of an option: `jumpEvery` → `--jump-every`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const isNameAt = (text: string, name: string, at: number) =>
  text.startsWith(name, at) && !/[\w-]/.test(text[at + name.length] ?? '');
