/**
 * Checks the docstrings of the folders listed below: every exported function has one that begins
 * with a verb in the third person (`Reads …`, `Draws …`), and no comment is wider than 100 columns.
 * Run by `npm run check`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Folders and files that are checked; a folder stands for all below it. */
const checked: readonly string[] = ['src'];

const WIDTH = 100;

/** Words that end as a verb does and are none. */
const noVerbs = new Set(
  `
    Autocovariances As Axes Bytes Channels Coefficients Columns Contours Curves Descriptors
    Diagnostics Distances Eigenvalues Elements Evaluations Examples Features Figures
    Filmstrips Findings Frames Frequencies Images Inputs Its Letters Levels Lines Means
    Measurements Nodes Numbers Parameters Pixels Points Positions Results Rows Safetensors
    Samples Sequences Shares Sizes Statistics Steps Tensors This Threads Values Versions
    Weights Windows Words Zeros
  `
    .trim()
    .split(/\s+/),
);

const isVerb = (word: string) => /^[A-Z][a-z]+s$/.test(word) && !noVerbs.has(word);

interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

/** Finds what a file's docstrings lack. */
function checkFile(file: string, text: string): Complaint[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const complaints: Complaint[] = [];
  const complain = (at: number, problem: string) => {
    const { line } = source.getLineAndCharacterOfPosition(at);
    complaints.push({ file, line: line + 1, problem });
  };
  for (const { name, node } of exportedFunctions(source)) {
    const first = firstWord(node);
    const at = node.getStart(source);
    if (first === undefined) complain(at, `${name} has no docstring`);
    else if (!isVerb(first)) complain(at, `${name}: "${first} …" does not begin with a verb`);
  }
  for (const { at, width } of wideComments(text)) {
    complain(at, `a comment of ${width} columns, more than ${WIDTH}`);
  }
  return complaints;
}

interface Named {
  readonly name: string;
  /** The statement that carries the docstring. */
  readonly node: ts.Node;
}

/** Functions, and constants that hold one, that a file exports. Overloads count once. */
function exportedFunctions(source: ts.SourceFile): Named[] {
  const found = new Map<string, Named>();
  for (const node of source.statements) {
    const isExported = ts.canHaveModifiers(node)
      ? ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    if (!isExported) continue;
    for (const name of functionNames(node)) if (!found.has(name)) found.set(name, { name, node });
  }
  return [...found.values()];
}

function functionNames(node: ts.Statement): string[] {
  if (ts.isFunctionDeclaration(node)) return node.name ? [node.name.text] : [];
  if (!ts.isVariableStatement(node)) return [];
  return node.declarationList.declarations.flatMap(({ name, initializer }) => {
    const isFunction =
      initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer));
    return isFunction && ts.isIdentifier(name) ? [name.text] : [];
  });
}

/** Reads the first word of the docstring nearest to a statement. */
function firstWord(node: ts.Node): string | undefined {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const comment = docs.at(-1)?.comment;
  const text = typeof comment === 'string' ? comment : ts.getTextOfJSDocComment(comment);
  return text?.trim().split(/[\s,:;.]/)[0] || undefined;
}

/** Finds lines of comments that are too wide; a line that is one long link is not. */
function wideComments(text: string): { readonly at: number; readonly width: number }[] {
  const wide: { at: number; width: number }[] = [];
  let at = 0;
  for (const line of text.split('\n')) {
    const width = [...line].length;
    if (width > WIDTH && /^\s*(\*|\/\*\*|\/\/)/.test(line) && !/https?:\/\/\S{40}/.test(line)) {
      wide.push({ at, width });
    }
    at += line.length + 1;
  }
  return wide;
}

/** Lists the sources below a path. */
function sourcesOf(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter(
      (name) =>
        /\.ts$/.test(name) && !/\.(test|webgpu)\.ts$|testing|client\/schema|\.d\.ts$/.test(name),
    )
    .sort();
}

const paths = process.argv.length > 2 ? process.argv.slice(2) : checked;
const complaints = paths
  .flatMap(sourcesOf)
  .flatMap((file) => checkFile(file, readFileSync(file, 'utf8')));
for (const { file, line, problem } of complaints) console.error(`${file}:${line}: ${problem}`);
if (complaints.length > 0) process.exitCode = 1;
