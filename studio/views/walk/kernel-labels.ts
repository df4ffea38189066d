import { type KernelName, kernels } from '../../../src/sample/kernels/index.ts';

const labels: Readonly<Record<KernelName, string>> = {
  sachs: 'Sachs et al. 2017',
  cheng: 'Cheng et al. 2018',
  'shen-lee': 'Shen & Lee 2019',
  ula: 'ULA, overdamped',
  baoab: 'BAOAB',
  'baoab-limit': 'BAOAB, overdamped limit',
  mala: 'MALA, with accept test',
  malt: 'MALT, with accept test',
};

/** Kernels for the reader, by the names that the command line knows them by. */
export const kernelLabels: readonly { readonly value: string; readonly label: string }[] =
  Object.entries(labels).map(([value, label]) => ({ value, label }));

const overdamped: readonly string[] = ['ula', 'baoab-limit', 'mala'];

/** Whether a kernel has velocities that friction acts on. */
export const usesFriction = (kernel: string): boolean => !overdamped.includes(kernel);

/** Score calls of one step: what it costs. */
export const scoreCalls = (kernel: string): number => kernels[kernel as KernelName].scoreCalls;
