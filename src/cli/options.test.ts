import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineOptions, readYamlOptions } from './options.ts';

const table = defineOptions({
  stepSize: { flags: '--step-size <x>', description: '', schema: z.number() },
  data: { flags: '--data <set>', description: '', schema: z.string() },
});
const read = (text: string) => readYamlOptions(new TextEncoder().encode(text), 'f', table);

test('keys of a file are written as the flags are, or in camel case', () => {
  expect(read('step-size: 0.5\ndata: mnist\n')).toEqual({ stepSize: 0.5, data: 'mnist' });
  expect(read('stepSize: 0.5\n')).toEqual({ stepSize: 0.5 });
});

test.each([
  ['step-size: 1\nstepSize: 2\n', 'stepSize'],
  ['step_size: 1\n', 'step_size'],
  ['__proto__: {a: 1}\n', '__proto__'],
  ['constructor: 1\n', 'constructor'],
])('%s is refused', (text, option) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ facts: expect.objectContaining({ path: 'f', option }) }),
  );
});
