import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { densityTypes, parseDensity } from '../../src/density/index.ts';

it('the page of densities has an example of each type, and all can be read', () => {
  const page = readFileSync(new URL('../how-to/densities.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```json density\n([\s\S]*?)```/g)].map(([, json]) =>
    parseDensity(JSON.parse(json!)),
  );
  expect(examples.map(({ type }) => type).sort()).toEqual([...densityTypes].sort());
  for (const { dimension } of examples) expect(dimension).toBe(2);
});
