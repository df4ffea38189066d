import { HALF_MAX, toHalf } from '../half.ts';
import { GraphError } from './error.ts';
import type { OnnxGraph, OnnxNode, StoredConstant, StoredGraph } from './onnx.ts';
import { onnxType } from './types.ts';

/** Shorter constants stay as they are: they would save nothing, and some are exact numbers. */
const SHORT = 64;

/**
 * Makes the same graph with long float32 constants in half precision under their own names, each
 * cast back where it is used. Runtimes do that once, when they open the file.
 * @throws GraphError for a value that no half can hold.
 */
export function storeHalves(graph: OnnxGraph): StoredGraph {
  const renamed = new Map<string, string>();
  const casts: OnnxNode[] = [];
  const constants = graph.constants.map((constant): StoredConstant => {
    const { name, data } = constant;
    if (!(data instanceof Float32Array) || data.length <= SHORT) return constant;
    const large = data.find((value) => Math.abs(value) > HALF_MAX);
    if (large !== undefined) {
      throw new GraphError(
        `export: "${name}" holds ${large}, which half precision cannot; export in single precision`,
        { code: 'unsupported', facts: { name, value: large } },
      );
    }
    const single = `__single_${casts.length}`;
    const attributes = { to: onnxType.float32 };
    casts.push({ op: 'Cast', domain: '', inputs: [name], outputs: [single], attributes });
    renamed.set(name, single);
    return { ...constant, dtype: 'float16', data: toHalf(data) };
  });
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => renamed.get(name) ?? name),
  }));
  return { ...graph, constants, nodes: [...casts, ...nodes] };
}
