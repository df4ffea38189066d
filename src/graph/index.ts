export { type Quantized, type QuantizeOptions, quantizeOnnx } from './calibrate.ts';
export type { CalibrationCall } from './calibration-calls.ts';
export { type CompileOptions, compile, type Program } from './compile.ts';
export { type Device, devices } from './device.ts';
export { GraphError } from './error.ts';
export { exportOnnx, exportOnnxBeside, exportOnnxPieces } from './export.ts';
export { grad, pullBack, topological } from './gradient.ts';
export { inHalfPrecision } from './half-precision.ts';
export type { HostArray } from './host.ts';
export { peakBytes } from './memory.ts';
export type { ModelWithData } from './onnx.ts';
export { type OnnxFile, openOnnx } from './onnx-file.ts';
export * from './ops/index.ts';
export { type OnnxDescription, readOnnx } from './read-onnx.ts';
export { recompute } from './recompute.ts';
export { resolveDevice } from './runtime.ts';
export type { ProgramState, StateTensor } from './state.ts';
export {
  apply,
  type Call,
  constant,
  type DType,
  fail,
  input,
  named,
  type Op,
  type Shape,
  sizeOf,
  type Tensor,
} from './tensor.ts';
