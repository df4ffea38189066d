import type { OnnxNode } from './onnx.ts';
import { BLOCKED, BLOCKED_SUM } from './ops/blocks.ts';

/**
 * Makes sums of images in blocks part of the convolution that one of them comes from, which adds as
 * it writes; where neither is a convolution's alone, a sum is an `Add`.
 */
export function fuseSums(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): OnnxNode[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const readers = new Map<string, number>();
  for (const name of nodes.flatMap(({ inputs }) => inputs)) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const isAlone = (name: string) => readers.get(name) === 1 && !outputs.has(name);
  const order = new Map(nodes.map((node, i) => [node, i]));
  const replaced = new Map<OnnxNode, readonly OnnxNode[]>();

  for (const node of nodes) {
    if (node.op !== BLOCKED_SUM) continue;
    const found = [0, 1]
      .flatMap((i) => {
        const source = findConvolution(node.inputs[i]!, makers, isAlone);
        return source ? [{ ...source, other: node.inputs[1 - i]! }] : [];
      })
      .filter(({ conv }) => !replaced.has(conv))
      .sort((a, b) => order.get(b.conv)! - order.get(a.conv)!)[0];
    if (!found) {
      replaced.set(node, [{ ...node, op: 'Add' }]);
      continue;
    }
    const { conv, view, other } = found;
    replaced.set(conv, []);
    if (view) replaced.set(view, []);
    replaced.set(node, withSum(node, conv, view, other, makers));
  }
  return nodes.flatMap((node) => replaced.get(node) ?? [node]);
}

interface Source {
  readonly conv: OnnxNode;
  /** The reshape between the convolution and the sum, where there is one. */
  readonly view: OnnxNode | undefined;
}

/** The convolution whose result `name` is, if nothing else reads it. */
function findConvolution(
  name: string,
  makers: ReadonlyMap<string, OnnxNode>,
  isAlone: (name: string) => boolean,
): Source | undefined {
  const maker = makers.get(name);
  const view = maker?.op === 'Reshape' && !makers.has(maker.inputs[1]!) ? maker : undefined;
  const conv = view ? makers.get(view.inputs[0]!) : maker;
  if (conv?.op !== 'Conv' || conv.domain !== BLOCKED || conv.inputs.length > 3) return undefined;
  return isAlone(name) && isAlone(conv.outputs[0]!) ? { conv, view } : undefined;
}

/** The convolution in the place of the sum. */
function withSum(
  { outputs }: OnnxNode,
  conv: OnnxNode,
  view: OnnxNode | undefined,
  other: string,
  makers: ReadonlyMap<string, OnnxNode>,
): OnnxNode[] {
  const [x, weight, bias = ''] = conv.inputs as readonly [string, string, string?];
  if (!view) return [{ ...conv, inputs: [x, weight, bias, other], outputs }];
  // A convolution under another view reads the other image under the view it reads its own.
  const [name] = outputs as readonly [string];
  const shape = makers.get(x)!.inputs[1]!;
  const reshape = { op: 'Reshape', domain: '', attributes: {} };
  return [
    { ...reshape, inputs: [other, shape], outputs: [`${name}_other`] },
    { ...conv, inputs: [x, weight, bias, `${name}_other`], outputs: [`${name}_sum`] },
    { ...view, inputs: [`${name}_sum`, view.inputs[1]!], outputs },
  ];
}
