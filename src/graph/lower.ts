import type { Emission, OnnxNode } from './emitter.ts';
import { GraphError } from './error.ts';
import { topological } from './gradient.ts';
import type { OnnxGraph, OnnxValue } from './onnx.ts';
import type { Tensor } from './tensor.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Lowers everything `outputs` need to ONNX nodes, with inputs and outputs under their given names.
 * @throws GraphError if an input is used but not listed.
 */
export function lowerGraph(inputs: Tensors, outputs: Tensors, emitter: Emission): OnnxGraph {
  const names = new Map<Tensor, string>();
  for (const [name, tensor] of Object.entries(inputs)) {
    if (tensor.source.kind !== 'input') {
      throw new GraphError(
        `compile: "${name}" is not an input; make it with input("${name}", shape)`,
      );
    }
    names.set(tensor, name);
  }
  for (const tensor of topological(Object.values(outputs))) {
    if (!names.has(tensor)) names.set(tensor, lowerTensor(tensor, names, emitter));
  }
  return {
    nodes: bindOutputs(outputs, names, emitter.emitted),
    constants: emitter.constants,
    inputs: Object.entries(inputs).map(toValue),
    outputs: Object.entries(outputs).map(toValue),
  };
}

function lowerTensor(
  tensor: Tensor,
  names: ReadonlyMap<Tensor, string>,
  emitter: Emission,
): string {
  const { source, shape, dtype } = tensor;
  switch (source.kind) {
    case 'input':
      throw new GraphError(`compile: input "${tensor.name}" is used but not listed under inputs`);
    case 'constant':
      return emitter.constant(source.data, shape, dtype);
    case 'op':
      return source.lower(
        emitter,
        tensor.inputs.map((from) => names.get(from)!),
      );
  }
}

/** Gives each output its name: by renaming what its node makes, or else by a copy. */
function bindOutputs(
  outputs: Tensors,
  names: ReadonlyMap<Tensor, string>,
  nodes: readonly OnnxNode[],
): OnnxNode[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const [name, tensor] of Object.entries(outputs)) {
    const current = names.get(tensor)!;
    if (made.has(current) && !renamed.has(current)) renamed.set(current, name);
    else {
      const inputs = [renamed.get(current) ?? current];
      copies.push({ op: 'Identity', domain: '', inputs, outputs: [name], attributes: {} });
    }
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  return [
    ...nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    ...copies,
  ];
}

const toValue = ([name, { dtype, shape }]: [string, Tensor]): OnnxValue => ({ name, dtype, shape });
