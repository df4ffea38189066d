import type { Emission } from './emitter.ts';
import { GraphError } from './error.ts';
import { fuseSums } from './fuse-sums.ts';
import { topological } from './gradient.ts';
import type { OnnxGraph, OnnxNode, OnnxValue } from './onnx.ts';
import type { Tensor } from './tensor.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Lowers everything `outputs` need to ONNX nodes, with inputs and outputs under their given names.
 * @throws GraphError if an input is used but not listed, or a name stands for two things.
 */
export function lowerGraph(inputs: Tensors, outputs: Tensors, emitter: Emission): OnnxGraph {
  checkNames(inputs, outputs);
  const names = new Map<Tensor, string>();
  for (const [name, tensor] of Object.entries(inputs)) {
    if (tensor.source.kind !== 'input') {
      throw new GraphError(
        `compile: "${name}" is not an input; make it with input("${name}", shape)`,
        { facts: { name } },
      );
    }
    const other = names.get(tensor);
    if (other !== undefined) {
      throw new GraphError(`compile: "${other}" and "${name}" are the same input; list it once`, {
        facts: { names: [other, name] },
      });
    }
    names.set(tensor, name);
  }
  for (const tensor of topological(Object.values(outputs))) {
    if (!names.has(tensor)) names.set(tensor, lowerTensor(tensor, names, emitter));
  }
  checkLabels(emitter, inputs, outputs);
  const made = new Set(Object.values(outputs).map((tensor) => names.get(tensor)!));
  const needed = new Set(made);
  const used = fuseSums(usedNodes(emitter.emitted, needed), made);
  return {
    nodes: bindOutputs(outputs, names, used),
    constants: emitter.constants.filter(({ name }) => needed.has(name)),
    inputs: Object.entries(inputs).map(toValue),
    outputs: Object.entries(outputs).map(toValue),
  };
}

function checkNames(inputs: Tensors, outputs: Tensors): void {
  const names = Object.keys(outputs);
  if (names.length === 0) throw new GraphError('compile: there is no output to compute');
  const twice = names.find((name) => Object.hasOwn(inputs, name));
  if (twice !== undefined) {
    throw new GraphError(
      `compile: "${twice}" names an input or state and an output; give the output another name`,
      { facts: { name: twice } },
    );
  }
}

function checkLabels({ constants }: Emission, inputs: Tensors, outputs: Tensors): void {
  const taken = new Set([...Object.keys(inputs), ...Object.keys(outputs)]);
  for (const { name } of constants) {
    if (taken.has(name)) {
      throw new GraphError(`compile: "${name}" labels a constant and something else`, {
        facts: { name },
      });
    }
    taken.add(name);
  }
}

function lowerTensor(
  tensor: Tensor,
  names: ReadonlyMap<Tensor, string>,
  emitter: Emission,
): string {
  const { source, shape, dtype } = tensor;
  switch (source.kind) {
    case 'input':
      throw new GraphError(`compile: input "${tensor.name}" is used but not listed under inputs`, {
        facts: { name: tensor.name },
      });
    case 'constant':
      return emitter.constant(source.data, shape, dtype, source.label);
    case 'op':
      return source.lower(
        emitter,
        tensor.inputs.map((from) => names.get(from)!),
      );
  }
}

/** The nodes that lead to `needed`, to which the names they read are added. */
function usedNodes(nodes: readonly OnnxNode[], needed: Set<string>): OnnxNode[] {
  const used = nodes.toReversed().filter(({ inputs, outputs }) => {
    const isUsed = outputs.some((name) => needed.has(name));
    if (isUsed) for (const name of inputs) needed.add(name);
    return isUsed;
  });
  return used.reverse();
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
