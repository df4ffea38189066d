import { sachs } from './sachs.ts';

/** Every kernel, by the name that options and the command line know it by. */
export const kernels = { sachs } as const;

/** Name of a kernel. */
export type KernelName = keyof typeof kernels;
