/** Changes of an ONNX file: its graph as messages, and back to bytes. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  StringStringEntryProtoSchema,
} from 'onnx-buf';

/** Writes a file with its graph changed, nodes in order. */
export function edited(
  bytes: Uint8Array,
  change: (model: ModelProto & { readonly graph: GraphProto }) => void,
): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  change(Object.assign(model, { graph }));
  sortNodes(graph);
  return toBinary(ModelProtoSchema, model);
}

/** Metadata key of the precision that a file computes in, where it is not single. */
export const PRECISION = 'precision';

/** Says in a model's metadata what precision it computes in. */
export function sayPrecision(model: ModelProto, value: 'int8' | 'half'): void {
  const others = model.metadataProps.filter(({ key }) => key !== PRECISION);
  model.metadataProps = [
    ...others,
    create(StringStringEntryProtoSchema, { key: PRECISION, value }),
  ];
}

/** Finds nodes by the names of what they make. */
export const makersOf = ({ node }: GraphProto): ReadonlyMap<string, NodeProto> =>
  new Map(node.flatMap((one) => one.output.map((name) => [name, one] as const)));

/** Puts each node behind those it takes from, which ONNX asks for. */
function sortNodes(graph: GraphProto): void {
  const makers = makersOf(graph);
  const sorted = new Set<NodeProto>();
  // Depth first, without recursion: graphs may be deep.
  for (const node of graph.node) {
    const open = [node];
    while (open.length > 0) {
      const top = open.at(-1)!;
      const before = top.input
        .map((name) => makers.get(name))
        .find((maker) => maker !== undefined && !sorted.has(maker));
      if (before === undefined) {
        sorted.add(top);
        open.pop();
      } else open.push(before);
    }
  }
  graph.node = [...sorted];
}
