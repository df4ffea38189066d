import type * as Ort from 'onnxruntime-common';

/** Where a graph runs: `auto` takes WebGPU where it opens, else the CPU. */
export type Device = 'auto' | 'cpu' | 'webgpu' | 'cuda';

export const devices: readonly Device[] = ['auto', 'cpu', 'webgpu', 'cuda'];

/** What is used of ONNX Runtime, that of Node or that of browsers. */
export type Runtime = Pick<typeof Ort, 'InferenceSession' | 'Tensor'>;
