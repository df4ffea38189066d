import { createEmitter } from './emitter.ts';
import { GraphError } from './error.ts';
import { lowerGraph } from './lower.ts';
import { encodeModel, type OnnxConstant, type OnnxGraph, type OnnxNode } from './onnx.ts';
import { storeHalves } from './store-halves.ts';
import { input, type Shape, type Tensor } from './tensor.ts';

export interface ExportOptions {
  /** The function to export: [batch, ...shape] → a tensor whose first axis is the batch. */
  readonly build: (x: Tensor) => Tensor;
  /** Shape of one example. */
  readonly shape: Shape;
  readonly inputName: string;
  readonly outputName: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Store long constants in half precision: half the file. It still computes in single precision. */
  readonly half?: boolean;
}

/** Name of the dynamic first axis in exported files. */
export const BATCH = 'batch';

// Two batch sizes that nothing else in a graph equals.
const [FIRST, SECOND] = [1009, 1013];

/**
 * An ONNX file of standard operators in which the batch is a dynamic axis.
 *
 * Shapes are static in the graph, so it is lowered at two batch sizes: what differs between the
 * two is where the batch enters, and there a shape constant may say −1, "what is left".
 * @throws GraphError where the batch enters in another way.
 */
export function exportOnnx({
  build,
  shape,
  inputName,
  outputName,
  metadata,
  half = false,
}: ExportOptions): Uint8Array {
  const lower = (batch: number) => {
    const x = input(inputName, [batch, ...shape]);
    return lowerGraph({ [inputName]: x }, { [outputName]: build(x) }, createEmitter('portable', 0));
  };
  const [first, second] = [lower(FIRST), lower(SECOND)];
  if (
    JSON.stringify(first.nodes) !== JSON.stringify(second.nodes) ||
    first.constants.length !== second.constants.length
  ) {
    throw new GraphError('export: the graph has another form at another batch size');
  }
  if (first.outputs[0]!.shape[0] !== FIRST || second.outputs[0]!.shape[0] !== SECOND) {
    throw new GraphError(
      `export: the first axis of "${outputName}" must be the batch, as in "${inputName}"`,
    );
  }
  const reshaped = shapesOfReshapes(first.nodes);
  const graph: OnnxGraph = {
    ...first,
    constants: first.constants.map((constant, i) =>
      freeBatch(constant, second.constants[i]!, reshaped.has(constant.name)),
    ),
    inputs: first.inputs.map(dynamic),
    outputs: first.outputs.map(dynamic),
    ...(metadata && { metadata }),
  };
  return encodeModel(half ? storeHalves(graph) : graph);
}

const dynamic = (value: OnnxGraph['inputs'][number]) => ({
  ...value,
  shape: [BATCH, ...value.shape.slice(1)],
});

/** Names of constants that only say what shape to reshape to. */
function shapesOfReshapes(nodes: readonly OnnxNode[]): Set<string> {
  const shapes = new Set(nodes.flatMap(({ op, inputs }) => (op === 'Reshape' ? [inputs[1]!] : [])));
  for (const { op, inputs } of nodes) {
    inputs.forEach((name, i) => {
      if (op !== 'Reshape' || i !== 1) shapes.delete(name);
    });
  }
  return shapes;
}

function freeBatch(a: OnnxConstant, b: OnnxConstant, isShape: boolean): OnnxConstant {
  if (a.data === b.data) return a;
  const differs = [...a.data.keys()].filter((i) => a.data[i] !== b.data[i]);
  if (differs.length === 0 && a.data.length === b.data.length) return a;
  const free = isShape && differs.length === 1 && !a.data.some((size) => size === -1n);
  if (!free) {
    throw new GraphError(
      `export: the batch size is baked into a constant [${a.shape.join(', ')}]; only reshapes may hold it`,
    );
  }
  const data = BigInt64Array.from(a.data as BigInt64Array);
  data[differs[0]!] = -1n;
  return { ...a, data };
}
