import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuseSums } from './fuse-sums.ts';
import type { OnnxNode } from './onnx.ts';
import { BLOCKED, BLOCKED_SUM } from './ops/blocks.ts';

const node = (op: string, inputs: readonly string[], output: string, domain = ''): OnnxNode => ({
  op,
  domain,
  inputs,
  outputs: [output],
  attributes: {},
});
const conv = (inputs: readonly string[], output: string) => node('Conv', inputs, output, BLOCKED);
const sum = (a: string, b: string, output: string) => node(BLOCKED_SUM, [a, b], output);
const fuse = (nodes: readonly OnnxNode[], ...outputs: string[]) =>
  fuseSums(nodes, new Set(outputs));

describe('a sum becomes part of the convolution that one of its images comes from', () => {
  test.each([
    ['left', sum('c', 'z', 's')],
    ['right', sum('z', 'c', 's')],
  ])('on the %s, with a bias or without', (_, added) => {
    expect(fuse([conv(['x', 'w'], 'c'), added], 's')).toEqual([conv(['x', 'w', '', 'z'], 's')]);
    expect(fuse([conv(['x', 'w', 'b'], 'c'), added], 's')).toEqual([
      conv(['x', 'w', 'b', 'z'], 's'),
    ]);
  });

  test('of two convolutions, the later one', () => {
    const first = conv(['x', 'v'], 'c');
    for (const added of [sum('c', 'd', 's'), sum('d', 'c', 's')]) {
      expect(fuse([first, conv(['x', 'w'], 'd'), added], 's')).toEqual([
        first,
        conv(['x', 'w', '', 'c'], 's'),
      ]);
    }
  });

  test('it comes where the sum was: the other image may be made between', () => {
    const other = node('Relu', ['y'], 'z');
    expect(fuse([conv(['x', 'w'], 'c'), other, sum('c', 'z', 's')], 's')).toEqual([
      other,
      conv(['x', 'w', '', 'z'], 's'),
    ]);
  });

  test('a sum of sums takes a convolution for each', () => {
    const nodes = [
      conv(['x', 'u'], 'c'),
      conv(['x', 'v'], 'd'),
      sum('c', 'z', 's'),
      sum('s', 'd', 't'),
    ];
    expect(fuse(nodes, 't')).toEqual([
      conv(['x', 'u', '', 'z'], 's'),
      conv(['x', 'v', '', 's'], 't'),
    ]);
  });

  test('a convolution under another view reads the other image under its own', () => {
    const nodes = [
      node('Reshape', ['x', 'wide'], 'v'),
      conv(['v', 'w', 'b'], 'c'),
      node('Reshape', ['c', 'own'], 'r'),
      sum('r', 'z', 's'),
    ];
    expect(fuse(nodes, 's')).toEqual([
      nodes[0],
      node('Reshape', ['z', 'wide'], 's_other'),
      conv(['v', 'w', 'b', 's_other'], 's_sum'),
      node('Reshape', ['s_sum', 'own'], 's'),
    ]);
  });
});

describe('a sum is an Add where', () => {
  const c = conv(['x', 'w'], 'c');
  const view = node('Reshape', ['c', 'own'], 'r');
  test.each([
    ['neither is of a convolution', [], sum('y', 'z', 's'), ['s']],
    ['the convolution is an output', [c], sum('c', 'z', 's'), ['s', 'c']],
    ['it is read twice', [c, node('Relu', ['c'], 'q')], sum('c', 'z', 's'), ['s', 'q']],
    ['it is both images', [c], sum('c', 'c', 's'), ['s']],
    [
      'it is one of the ordinary layout',
      [node('Conv', ['x', 'w'], 'c')],
      sum('c', 'z', 's'),
      ['s'],
    ],
    ['it adds already', [conv(['x', 'w', '', 'y'], 'c')], sum('c', 'z', 's'), ['s']],
    ['its view is an output', [c, view], sum('r', 'z', 's'), ['s', 'r']],
    ['it is read under its view too', [c, view], sum('r', 'c', 's'), ['s']],
    [
      'its view waits for something',
      [c, node('Add', ['own', 'zero'], 'later'), node('Reshape', ['c', 'later'], 'r')],
      sum('r', 'z', 's'),
      ['s'],
    ],
  ] as const)('%s', (_, nodes, added, outputs) => {
    expect(fuse([...nodes, added], ...outputs)).toEqual([...nodes, { ...added, op: 'Add' }]);
  });
});

/** Nodes in order, each of which reads what was made before. */
const nodeLists = fc
  .array(
    fc.record({
      kind: fc.constantFrom('conv', 'sum', 'sum', 'relu', 'view'),
      a: fc.nat(),
      b: fc.nat(),
    }),
    {
      minLength: 1,
      maxLength: 25,
    },
  )
  .map((drawn) =>
    drawn.flatMap(({ kind, a, b }, i): OnnxNode[] => {
      const from = (index: number) => (index % (i + 1) === i ? 'x' : `n${index % (i + 1)}`);
      const name = `n${i}`;
      if (kind === 'conv') return [conv([from(a), 'w'], name)];
      if (kind === 'sum') return [sum(from(a), from(b), name)];
      if (kind === 'relu') return [node('Relu', [from(a)], name)];
      // As `affine` makes it: a convolution between two views.
      const views = [
        node('Reshape', [from(a), 'wide'], `${name}v`),
        conv([`${name}v`, 'w'], `${name}c`),
      ];
      return [...views, node('Reshape', [`${name}c`, 'own'], name)];
    }),
  );

/** The value of `name` in terms of what is given, operands of a sum in one order. */
function expressionOf(nodes: readonly OnnxNode[], name: string): string {
  const values = new Map<string, string>();
  for (const { op, inputs, outputs } of nodes) {
    const read = inputs.map((from) => values.get(from) ?? from);
    // The same matrix of numbers under every view.
    if (op === 'Reshape') values.set(outputs[0]!, read[0]!);
    else if (op === BLOCKED_SUM || op === 'Add') values.set(outputs[0]!, added(read[0]!, read[1]!));
    else if (op === 'Conv') {
      const made = `Conv(${read[0]},${read[1]},${read[2] ?? ''})`;
      values.set(outputs[0]!, read[3] === undefined ? made : added(made, read[3]));
    } else values.set(outputs[0]!, `${op}(${read})`);
  }
  return values.get(name)!;
}

const added = (a: string, b: string) => `(${[a, b].sort().join(' + ')})`;

test('whatever the graph, what it computes stays, in an order that can be run', () => {
  fc.assert(
    fc.property(nodeLists, fc.nat(), (nodes, pick) => {
      const made = nodes.flatMap(({ outputs }) => outputs);
      const wanted = [made.at(-1)!, made[pick % made.length]!];
      const fused = fuse(nodes, ...wanted);
      expect(fused.some(({ op }) => op === BLOCKED_SUM)).toBe(false);
      const known = new Set(['x', 'w', 'wide', 'own', '']);
      for (const { inputs, outputs } of fused) {
        for (const name of inputs) expect(known.has(name), name).toBe(true);
        for (const name of outputs) {
          expect(known.has(name), name).toBe(false);
          known.add(name);
        }
      }
      const count = (list: readonly OnnxNode[]) => list.filter(({ op }) => op === 'Conv').length;
      expect(count(fused)).toBe(count(nodes));
      for (const name of wanted) expect(expressionOf(fused, name)).toBe(expressionOf(nodes, name));
    }),
    { seed: 61, numRuns: 500 },
  );
});
