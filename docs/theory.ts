/**
 * Makes the figures of theory.md, docs/images/theory-*.svg, and prints its tables:
 * npx tsx docs/theory.ts [name …]
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { biasFigure, biasTable, measureBias } from './theory/bias.ts';
import { costFigure, costTable, measureCosts } from './theory/cost.ts';
import { efficiencyFigure, efficiencyTable, measureEfficiency } from './theory/efficiency.ts';
import { measureSequential, sequentialTable } from './theory/sequential.ts';
import { shapeFigure, splitFigure } from './theory/shape.ts';
import { spectrumFigure, spectrumTable } from './theory/spectra.ts';

interface Section {
  readonly svg?: string;
  readonly table?: string;
}

const sections: Readonly<Record<string, () => Promise<Section>>> = {
  split: async () => ({ svg: splitFigure() }),
  shape: async () => ({ svg: shapeFigure() }),
  spectra: async () => ({ svg: spectrumFigure(0.5), table: spectrumTable(0.5) }),
  cost: async () => {
    const costs = await measureCosts();
    return { svg: costFigure(costs), table: costTable(costs) };
  },
  bias: async () => {
    const biases = await measureBias();
    return { svg: biasFigure(biases), table: biasTable(biases) };
  },
  efficiency: async () => {
    const rows = await measureEfficiency();
    return { svg: efficiencyFigure(rows), table: efficiencyTable(rows) };
  },
  sequential: async () => ({ table: sequentialTable(await measureSequential()) }),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0) {
  console.error(`no figure is called ${unknown[0]}; there are ${Object.keys(sections).join(', ')}`);
  process.exit(1);
}
const images = new URL('images/', import.meta.url);
await mkdir(images, { recursive: true });
for (const [name, make] of Object.entries(sections)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const start = performance.now();
  const { svg, table } = await make();
  if (svg) await writeFile(new URL(`theory-${name}.svg`, images), tidy(svg));
  console.log(`${name}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  if (table) console.log(`\n${table}\n`);
}

/** With a title, and without the height that only some browsers know. */
function tidy(svg: string): string {
  const title = /aria-label="([^"]*)"/.exec(svg)![1]!;
  const plain = svg.replaceAll(/^\s*height: intrinsic;\n/gm, '').trim();
  return `${plain.replaceAll(/<svg [^>]*>/g, `$&<title>${title}</title>`)}\n`;
}
