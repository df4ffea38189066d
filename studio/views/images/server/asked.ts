/** What the panel of the server asks for. */
import type { ModelDescription, SampleRequest } from '../../../../src/client/index.ts';

/** The controls. */
export interface Asked {
  model: string;
  chains: number;
  steps: number;
  jumpEvery: number;
  /** `any`, `each`, or a class by its number. */
  class: string;
  seed: number;
}

export const usual: Asked = {
  model: '',
  chains: 16,
  steps: 200,
  jumpEvery: 20,
  class: 'any',
  seed: 0,
};

/** Counts the classes of a model; 0 of one without. */
export const classCount = ({ classes = 0 }: Pick<ModelDescription, 'classes'>): number =>
  typeof classes === 'number' ? classes : classes.length;

/** Classes that can be chosen. */
export function classChoices(model: Pick<ModelDescription, 'classes'>) {
  const names = Array.isArray(model.classes) ? model.classes : [];
  return [
    { value: 'any', label: 'none' },
    { value: 'each', label: 'each chain the next' },
    ...Array.from({ length: classCount(model) }, (_, k) => ({
      value: String(k),
      label: names[k] ?? String(k),
    })),
  ];
}

/** Makes the request of the controls. A jump falls within the steps, whatever they say. */
export function requestOf(asked: Asked, model: ModelDescription): SampleRequest {
  const { chains, steps, seed } = asked;
  const jumpEvery = Math.min(asked.jumpEvery, steps);
  const common = { model: model.name, chains, steps, jumpEvery, seed };
  const count = classCount(model);
  const chosen = Number(asked.class);
  if (count === 0 || asked.class === 'any') return common;
  if (asked.class === 'each') {
    return { ...common, class: Array.from({ length: count }, (_, k) => k) };
  }
  return chosen < count ? { ...common, class: chosen } : common;
}
