/**
 * Checks that every package that users install with this one has a permissive licence, and writes their
 * list to `THIRD-PARTY.md` with `--write`. Reads the lock file alone: no network. Run by `npm run check`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** SPDX names that may be shipped beside MIT code without more than their notice. */
const permissive = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'CC0-1.0',
  '0BSD',
  'BlueOak-1.0.0',
]);

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync('package-lock.json', 'utf8'),
);
const shipped = Object.entries(lock.packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
  .map(([path, { version, license = 'none' }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return { name, version, license };
  });
const names = (license: string) => license.replace(/[()]/g, '').split(/ (?:OR|AND) /);
const others = shipped.filter(
  ({ license }) => !names(license).every((name) => permissive.has(name)),
);
for (const { name, version, license } of others) {
  process.stderr.write(`${name} ${version}: licence ${license} is not known to be permissive\n`);
}

const rows = shipped
  .map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`)
  .sort();
const text = `# Packages that are installed with mdensity\n\nMade by \`npm run licences\` of the lock file; their texts are in each package.\n\n| Package | Version | Licence |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
const file = 'THIRD-PARTY.md';
if (process.argv.includes('--write')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write(`${file}: is not that of the lock file; run npm run licences\n`);
  process.exitCode = 1;
}
if (others.length > 0) process.exitCode = 1;
