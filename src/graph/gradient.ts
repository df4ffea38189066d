import { GraphError } from './error.ts';
import { add } from './ops/add.ts';
import { constant, sizeOf, type Tensor } from './tensor.ts';

/** As many tensors as were asked for. */
type Like<T extends readonly Tensor[]> = { -readonly [K in keyof T]: Tensor };

/**
 * Builds the reverse-mode gradient of a scalar with respect to `inputs`, as graph tensors of the
 * same shapes: they can be computed with or differentiated again.
 * @throws GraphError if `loss` has more than one element or does not depend on an input.
 */
export function grad<const T extends readonly Tensor[]>(loss: Tensor, inputs: T): Like<T> {
  if (sizeOf(loss.shape) !== 1) {
    throw new GraphError(
      `grad: the loss must be one number, not ${loss.name} [${loss.shape.join(', ')}]; reduce it first`,
      { code: 'shape', facts: { name: loss.name, shape: loss.shape } },
    );
  }
  return pullBack(loss, inputs, constant(Float32Array.of(1), loss.shape));
}

/**
 * Builds the vector–Jacobian product: Jᵀ·cotangent of `output` with respect to `inputs`.
 * `cotangent` has the shape of `output`.
 */
export function pullBack<const T extends readonly Tensor[]>(
  output: Tensor,
  inputs: T,
  cotangent: Tensor,
): Like<T> {
  if (cotangent.shape.join() !== output.shape.join()) {
    throw new GraphError(
      `pullBack: the cotangent's shape [${cotangent.shape.join(', ')}] is not the output's [${output.shape.join(', ')}]`,
      { code: 'shape', facts: { cotangent: cotangent.shape, output: output.shape } },
    );
  }
  const order = dependents(output, new Set(inputs));
  const cotangents = new Map<Tensor, Tensor>([[output, cotangent]]);
  for (const tensor of [...order].reverse()) {
    const received = cotangents.get(tensor);
    if (received === undefined || tensor.source.kind !== 'op') continue;
    const passed = tensor.source.gradient?.(received) ?? [];
    tensor.inputs.forEach((source, i) => {
      const part = passed[i];
      if (part === undefined || !order.has(source)) return;
      const sum = cotangents.get(source);
      cotangents.set(source, sum === undefined ? part : add(sum, part));
    });
  }
  return inputs.map((tensor) => {
    const result = cotangents.get(tensor);
    if (result === undefined) {
      throw new GraphError(`grad: ${output.name} does not depend on ${tensor.name}`, {
        facts: { output: output.name, input: tensor.name },
      });
    }
    return result;
  }) as Like<T>;
}

/** Tensors between `targets` and `output` that depend on a target, inputs before users. */
function dependents(output: Tensor, targets: ReadonlySet<Tensor>): Set<Tensor> {
  const depends = new Map<Tensor, boolean>();
  const order = new Set<Tensor>();
  for (const tensor of topological([output])) {
    const found = targets.has(tensor) || tensor.inputs.some((source) => depends.get(source));
    depends.set(tensor, found);
    if (found) order.add(tensor);
  }
  return order;
}

/**
 * Lists every tensor that `outputs` need, each once, inputs before users. Iterative: graphs are
 * deep.
 */
export function topological(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; next: number }[] = [];
  const visit = (tensor: Tensor) => {
    if (seen.has(tensor)) return;
    seen.add(tensor);
    stack.push({ tensor, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const source = top.tensor.inputs[top.next++];
      if (source !== undefined) visit(source);
      else order.push(stack.pop()!.tensor);
    }
  }
  return order;
}
