import { type Tensor, topological } from '../graph/index.ts';

/** Ops that multiply by a weight. */
const products = new Set(['matMul', 'conv2d', 'convTranspose2d']);

/**
 * Names of the weights between the first and the last layers of what `output` is made by: matrices
 * and convolution kernels that every use multiplies by, with another weight before it and another
 * behind it. So the layers that read data or embed a condition are not among them, nor those that
 * write the estimate, nor tables that are looked up. Optimizers of matrices are made for these
 * (Jordan et al. 2024).
 *
 * @param parameters The tensors of the parameters, by name.
 */
export function hiddenMatrices(
  output: Tensor,
  parameters: Readonly<Record<string, Tensor>>,
): ReadonlySet<string> {
  const candidates = new Map<Tensor, string>();
  for (const [name, tensor] of Object.entries(parameters)) {
    if (tensor.shape.length >= 2) candidates.set(tensor, name);
  }
  const order = topological([output]);
  const uses = findUses(order, candidates);
  const followed = followedByProduct(order, uses.products);
  const edge = new Set(uses.other);
  for (const [tensor, name] of candidates) if (!hasTwoSides(tensor)) edge.add(name);
  const multiplied = new Set<string>();
  for (const [tensor, { weights, first }] of uses.products) {
    for (const name of weights) {
      multiplied.add(name);
      if (first || !followed.has(tensor)) edge.add(name);
    }
  }
  return new Set([...multiplied].filter((name) => !edge.has(name)));
}

const hasTwoSides = ({ shape: [rows, ...rest] }: Tensor) =>
  rows! > 1 && rest.some((length) => length > 1);

interface Product {
  /** Names of the weights that are multiplied by. */
  readonly weights: readonly string[];
  /** Whether no weight has been used before. */
  readonly first: boolean;
}

/** Products by a weight, and weights that are used in another way too. */
function findUses(order: readonly Tensor[], candidates: ReadonlyMap<Tensor, string>) {
  const found = new Map<Tensor, Product>();
  const other = new Set<string>();
  const fixed = new Set<Tensor>();
  /** Tensors that are a weight, cut or turned. */
  const views = new Map<Tensor, string>();
  /** Tensors that a product by a weight came before. */
  const after = new Set<Tensor>();
  for (const tensor of order) {
    const { inputs, source } = tensor;
    const own = candidates.get(tensor);
    if (own !== undefined) views.set(tensor, own);
    if (source.kind !== 'op') {
      if (source.kind === 'constant') fixed.add(tensor);
      continue;
    }
    const operands = inputs.filter((operand) => !fixed.has(operand));
    if (operands.length === 0) fixed.add(tensor);
    if (inputs.some((operand) => after.has(operand))) after.add(tensor);
    const weights = operands.flatMap((operand) => views.get(operand) ?? []);
    if (weights.length === 0) continue;
    if (products.has(source.op)) {
      found.set(tensor, { weights, first: !after.has(tensor) });
      after.add(tensor);
    } else if (operands.length === 1) views.set(tensor, weights[0]!);
    else for (const name of weights) other.add(name);
  }
  return { products: found, other };
}

/** Tensors whose way to the output leads through a product by a weight. */
function followedByProduct(
  order: readonly Tensor[],
  found: ReadonlyMap<Tensor, Product>,
): ReadonlySet<Tensor> {
  const followed = new Set<Tensor>();
  for (const tensor of [...order].reverse()) {
    if (!found.has(tensor) && !followed.has(tensor)) continue;
    for (const operand of tensor.inputs) followed.add(operand);
  }
  return followed;
}
