/** Walking what was learned in the page instead of the exact score. */
import type { WalkKind } from '../../../src/sample/options.ts';
import { closeInPlane, openInPlane } from '../../engine/plane.ts';
import { type HandedModel, handover } from '../../handover.svelte.ts';
import type { TargetChoice } from '../../target/fields.ts';

/** A learned ν that is open in the worker. */
interface Opened {
  readonly of: HandedModel;
  readonly id: number;
}

let opened = $state.raw<Opened>();
let opening: HandedModel | undefined;
/** Whether the worker that had it broke down: the next walk opens it again. */
let gone = false;
let problem = $state<string>();
let wanted = $state(true);

export const learned = {
  /** What was learned of a density of the plane; undefined where nothing was. */
  get model() {
    return handover.model?.target ? handover.model : undefined;
  },
  /** Whether the reader wants to walk it. */
  get wanted() {
    return wanted;
  },
  set wanted(on) {
    wanted = on;
  },
  /** Why it could not be opened. */
  get problem() {
    return problem;
  },
  /** Names ν in the worker, once it is open. */
  get id() {
    return opened && opened.of === handover.model ? opened.id : undefined;
  },
};

/** Opens what was handed over unless it is open, and closes what was open before. */
export async function openLearned(model: HandedModel): Promise<void> {
  if (gone) [gone, opened] = [false, undefined];
  if (opened?.of === model || opening === model) return;
  opening = model;
  problem = undefined;
  try {
    const { id } = await openInPlane(model.bytes, model.name, () => {
      gone = true;
    });
    if (opened) void closeInPlane(opened.id);
    opened = { of: model, id };
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  opening = undefined;
}

/** Says why a learned ν is of no use for a density, its noise σ̃ and a walk; undefined where it is. */
export function misfit(
  model: HandedModel,
  choice: TargetChoice,
  { sigma, walk }: { readonly sigma: number; readonly walk: WalkKind },
): string | undefined {
  if (walk === 'sequential') {
    return 'It knows one noise level, and one at a time takes several: the exact score is walked.';
  }
  if (Math.abs(model.sigma / sigma - 1) > 1e-6) {
    return `It knows the class [${Number(model.sigma.toPrecision(3))}] alone: choose one of its members.`;
  }
  const { target, points, centres } = model.target!;
  const same =
    target === choice.target &&
    (target !== 'points' || JSON.stringify(points) === JSON.stringify(choice.points)) &&
    (target !== 'mixture' || JSON.stringify(centres) === JSON.stringify(choice.centres));
  return same ? undefined : 'It was learned from another density.';
}
