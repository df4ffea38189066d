import type { OnnxGraph, OnnxNode, OnnxValue } from './onnx.ts';

/** Name of the input that says how many times to run. */
export const REPEATS = '__repeats';
const [TURN, GO, GO_ON] = ['__turn', '__go', '__goOn'];
/** Before the names that the repeated graph uses inside. */
const INSIDE = '__inside_';

interface Parts {
  /** Names of what is given anew for each run. */
  readonly inputs: readonly string[];
  /** State: from its name to that of its next value. */
  readonly state: ReadonlyMap<string, string>;
}

/**
 * Makes the graph run several times in one call of the runtime: inputs and outputs get a leading
 * axis, one entry for each run, and state goes from run to run without leaving the runtime.
 */
export function repeatGraph(graph: OnnxGraph, { inputs, state }: Parts): OnnxGraph {
  const isState = new Set(state.values());
  const results = graph.outputs.filter(({ name }) => !isState.has(name));
  const renamed = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const inside = (name: string) => (renamed.has(name) ? `${INSIDE}${name}` : name);
  const insideValue = (value: OnnxValue) => ({ ...value, name: inside(value.name) });
  const given = (name: string) => graph.inputs.find((value) => value.name === name)!;
  const picks = inputs.map((name) => node('Gather', [name, TURN!], [inside(name)], { axis: 0 }));
  const body: OnnxGraph = {
    nodes: [
      node('Identity', [GO!], [GO_ON!]),
      ...picks,
      ...graph.nodes.map((from) => ({
        ...from,
        inputs: from.inputs.map(inside),
        outputs: from.outputs.map(inside),
      })),
    ],
    constants: graph.constants,
    inputs: [
      { name: TURN!, dtype: 'int64', shape: [] },
      { name: GO!, dtype: 'bool', shape: [] },
      ...[...state.keys()].map((name) => insideValue(given(name))),
    ],
    outputs: [
      { name: GO_ON!, dtype: 'bool', shape: [] },
      ...graph.outputs.filter(({ name }) => isState.has(name)).map(insideValue),
      ...results.map(insideValue),
    ],
  };
  const repeated = ({ name, dtype, shape }: OnnxValue): OnnxValue => ({
    name,
    dtype,
    shape: ['repeats', ...shape],
  });
  const next = graph.outputs.filter(({ name }) => isState.has(name));
  const loop = node(
    'Loop',
    [REPEATS, '', ...state.keys()],
    [...next, ...results].map(({ name }) => name),
    { body: { graph: body } },
  );
  return {
    nodes: [loop],
    constants: [],
    inputs: [
      { name: REPEATS, dtype: 'int64', shape: [] },
      ...inputs.map((name) => repeated(given(name))),
      ...[...state.keys()].map(given),
    ],
    outputs: [...next, ...results.map(repeated)],
  };
}

/**
 * Tells whether something that leaves the graph may be the memory of a state rather than new: it
 * comes from it by nodes of one operand, which the runtime may leave out. Such a graph must not
 * write its state where it read it.
 */
export function handsOutState(graph: OnnxGraph, state: readonly string[]): boolean {
  const fixed = new Set(['', ...graph.constants.map(({ name }) => name)]);
  const memory = new Set(state);
  for (const { inputs, outputs } of graph.nodes) {
    const operands = inputs.filter((name) => !fixed.has(name));
    if (operands.length !== 1 || !memory.has(operands[0]!)) continue;
    for (const name of outputs) memory.add(name);
  }
  return graph.outputs.some(({ name }) => memory.has(name));
}

function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { op, domain: '', inputs, outputs, attributes };
}
