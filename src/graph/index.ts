export { type CompileOptions, compile, type Program } from './compile.ts';
export { GraphError } from './error.ts';
export { grad, pullBack } from './gradient.ts';
export type { HostArray } from './host.ts';
export * from './ops/index.ts';
export { type Device, devices, resolveDevice } from './runtime.ts';
export type { ProgramState, StateTensor } from './state.ts';
export {
  apply,
  type Call,
  constant,
  type DType,
  input,
  named,
  type Op,
  type Shape,
  sizeOf,
  type Tensor,
} from './tensor.ts';
