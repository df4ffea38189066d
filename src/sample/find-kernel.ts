/**
 * The option `kernel`: a value or a name becomes a kernel of the right kind, and its walk is
 * checked.
 */
import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { firstNotFinite } from './finite.ts';
import type { CountTarget, Kernel, State, Walk } from './kernel.ts';
import { countKernels, kernels } from './kernels/index.ts';

type CountKernel = Kernel<State, CountTarget>;

/**
 * Finds the kernel of Gaussian measurements that an option names or is; `sachs` if it is left out.
 *
 * @throws UserError for an unknown name or a kernel of counts, and (`shape`) for what is no kernel.
 */
export function findKernel(kernel: unknown = kernels.sachs): Kernel {
  const found = typeof kernel === 'string' ? byName(kernel, kernels) : checkKernel(kernel);
  if (found.counts) throw wrongKind(found.name, kernels);
  return found as Kernel;
}

/** Finds the kernel of counts that an option names or is; `tau-leap` if it is left out. */
export function findCountKernel(kernel: unknown = countKernels['tau-leap']): CountKernel {
  const found = typeof kernel === 'string' ? byName(kernel, countKernels) : checkKernel(kernel);
  if (!found.counts) throw wrongKind(found.name, countKernels);
  return found as CountKernel;
}

type Table = Readonly<Record<string, Kernel | CountKernel>>;

function byName(name: string, among: Table): Kernel | CountKernel {
  const all: Table = { ...kernels, ...countKernels };
  if (Object.hasOwn(all, name)) return all[name]!;
  const names = Object.keys(among);
  throw new UserError(
    `kernel: no kernel is called ${JSON.stringify(name)}; choose from ${names.join(', ')}.${didYouMean(name, names)}`,
    { code: 'not-found', facts: { option: 'kernel', value: name, names } },
  );
}

function wrongKind(name: string, among: Table): UserError {
  const kinds =
    among === kernels
      ? 'counts, and this model is of Gaussian noise'
      : 'Gaussian noise, and this model is of counts';
  const names = Object.keys(among);
  return new UserError(`kernel: ${name} walks ${kinds}; choose from ${names.join(', ')}`, {
    code: 'mismatch',
    facts: { option: 'kernel', value: name, names },
  });
}

const shapeError = (name: unknown, part: string, problem: string) =>
  new UserError(`kernel ${String(name)}: ${part} ${problem}`, {
    code: 'shape',
    facts: { option: 'kernel', kernel: name, part },
  });

function checkKernel(value: unknown): Kernel | CountKernel {
  if (typeof value !== 'object' || value === null) {
    throw shapeError(value, 'kernel', 'is no kernel; give a name or a value such as kernels.sachs');
  }
  const kernel = value as Partial<Kernel>;
  const parts: readonly (readonly [keyof Kernel, boolean, string])[] = [
    ['name', typeof kernel.name === 'string', 'a text'],
    ['start', typeof kernel.start === 'function', 'a function (target, parameters, noise) → walk'],
    ['scoreCalls', Number.isFinite(kernel.scoreCalls), 'the number of score calls of one step'],
    ['needsLogDensity', typeof kernel.needsLogDensity === 'boolean', 'true or false'],
  ];
  for (const [part, holds, wanted] of parts) {
    if (!holds) throw shapeError(kernel.name, part, `is ${typeof kernel[part]}; give ${wanted}`);
  }
  return kernel as Kernel;
}

/**
 * Makes the walk of a kernel with each of its answers checked: `init` must give a state whose
 * `step` is a number and whose `position` is a Float32Array of the size it was given, with finite
 * values.
 *
 * @throws UserError (`shape`) naming the kernel and the part.
 */
export function checkedWalk(name: string, walk: unknown): Walk {
  const { init, step } = (walk ?? {}) as Partial<Walk>;
  if (typeof init !== 'function') {
    throw shapeError(name, 'init', 'is missing in the walk that start gives; give init(position)');
  }
  if (typeof step !== 'function') {
    throw shapeError(name, 'step', 'is missing in the walk that start gives; give step(state)');
  }
  return {
    async init(position) {
      const state = await init.call(walk, position);
      checkState(name, state, position.length);
      return state;
    },
    step: step.bind(walk),
  };
}

function checkState(name: string, state: unknown, size: number): asserts state is State {
  const { step, position } = (state ?? {}) as Partial<State>;
  if (!Number.isSafeInteger(step)) {
    throw shapeError(name, 'init', `gives a state whose step is ${String(step)}; give a number`);
  }
  if (!(position instanceof Float32Array) || position.length !== size) {
    const found = position instanceof Float32Array ? `${position.length} numbers` : typeof position;
    throw shapeError(name, 'init', `gives a position of ${found}; give a Float32Array of ${size}`);
  }
  const bad = firstNotFinite(position);
  if (bad >= 0) {
    throw shapeError(name, 'init', `gives a position that is ${position[bad]} at [${bad}]`);
  }
}
