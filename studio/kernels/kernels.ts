/** Kernels as the reader meets them, in every view that walks. */
import {
  type CountKernelName,
  countKernels,
  type KernelName,
  kernels,
} from '../../src/sample/kernels/index.ts';

const labels: Readonly<Record<KernelName, string>> = {
  sachs: 'Sachs et al. 2017',
  cheng: 'Cheng et al. 2018',
  'shen-lee': 'Shen & Lee 2019',
  ula: 'ULA, overdamped',
  baoab: 'BAOAB',
  ubu: 'UBU',
  'baoab-limit': 'BAOAB, overdamped limit',
  mala: 'MALA, with accept test',
  malt: 'MALT, with accept test',
};

/** Kernels by the names that the command line knows them by, as choices. */
export const kernelChoices: readonly { readonly value: KernelName; readonly label: string }[] =
  Object.entries(labels).map(([value, label]) => ({ value: value as KernelName, label }));

const labelsOfCounts: Readonly<Record<CountKernelName, string>> = {
  'tau-leap': 'tau-leaping',
  'birth-death': 'birth–death, exact',
};

/** Kernels of counts as choices, the usual one first. */
export const countKernelChoices: readonly {
  readonly value: CountKernelName;
  readonly label: string;
}[] = Object.entries(labelsOfCounts).map(([value, label]) => ({
  value: value as CountKernelName,
  label,
}));

const words: Readonly<Record<KernelName | CountKernelName, string>> = {
  sachs:
    'Underdamped: a chain has a velocity, which the score bends, friction damps and noise renews. One score call a step; what the papers walk.',
  cheng:
    'Underdamped, solved exactly over a step in which the score is frozen. It spreads chains too far where friction is small for the step.',
  'shen-lee':
    'Underdamped, with the score taken at a random moment of the step. Two score calls a step, little bias.',
  ula: 'Overdamped: no velocity, each step follows the score and adds noise. It spreads chains too far where steps are long.',
  baoab:
    'Underdamped, in another order than Sachs: the noise in the middle. One score call a step, little bias in position.',
  ubu: 'Underdamped: half a step of free motion with friction and noise, solved exactly, a whole push of the score, and the other half. One score call a step; bears long steps where friction is strong.',
  'baoab-limit':
    'Overdamped: BAOAB at infinite friction. Each draw of noise serves two steps, which takes nearly all bias away.',
  mala: 'Overdamped: a step of ULA is proposed and accepted or refused, so that there is no bias whatever the step. Refused chains stay where they are.',
  malt: 'Underdamped: ten steps from a fresh velocity are proposed as one and accepted or refused, so that there is no bias. Ten score calls a step.',
  'tau-leap':
    'Each count dies or stays for the time of a step, and new ones come at the rate of the estimate x̂, which stands still over the step. One call a step; the bias is of first order in its length.',
  'birth-death':
    'Counts come and go one event after another, each at its exact time, so that there is no bias. Every event takes a call: for small pictures and short steps.',
};

/** Says what a kernel does. */
export const explainKernel = (kernel: string): string => words[kernel as keyof typeof words];

const overdamped: readonly string[] = [
  ...['ula', 'baoab-limit', 'mala'],
  ...Object.keys(countKernels),
];

/** Whether a kernel has velocities that friction acts on. */
export const usesFriction = (kernel: string): boolean => !overdamped.includes(kernel);

/** Whether a kernel refuses some of its proposals. */
export const hasAcceptTest = (kernel: string): boolean =>
  kernels[kernel as KernelName].needsLogDensity;

/** Score calls of one step: what it costs. */
export const scoreCalls = (kernel: string): number => kernels[kernel as KernelName].scoreCalls;
