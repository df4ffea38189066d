/** JSON of files that may come from anywhere. */

/** Nesting of lists and objects that is read. */
const DEEPEST = 64;

/**
 * Parses JSON text, where no object has a name twice (`JSON.parse` keeps the last, in silence) and
 * nothing is nested deeper than 64. A name such as `__proto__` is a name like others.
 *
 * @throws SyntaxError, in one line, that says what is wrong and not what the text holds.
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The message of the engine quotes the text, line breaks and all.
    const [, at] = /position (\d+)/.exec((cause as Error).message) ?? [];
    const end = at === undefined || Number(at) >= text.length ? 'it ends too soon' : undefined;
    throw new SyntaxError(end ?? `wrong at ${placeIn(text, Number(at))}`, { cause });
  }
  checkNames(text);
  return value;
}

function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/**
 * Names seen in the open objects; a list has none. Text that is known to be JSON is walked string
 * by string.
 */
function checkNames(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g;
  const colon = /[ \t\r\n]*:/y;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [token] = match;
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      if (open.length > DEEPEST) throw new SyntaxError(`nested deeper than ${DEEPEST}`);
    } else if (token === '}' || token === ']') open.pop();
    else {
      const names = open.at(-1);
      if (names === undefined) continue;
      colon.lastIndex = tokens.lastIndex;
      if (!colon.test(text)) continue;
      const name: unknown = JSON.parse(token);
      if (names.has(name as string)) throw new SyntaxError(`${token.slice(0, 80)} stands twice`);
      names.add(name as string);
    }
  }
}
