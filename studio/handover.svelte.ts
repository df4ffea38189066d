/** What one view hands to another without a file: a model that was trained in the page. */
import type { TargetState } from './target/fields.ts';

/** A learned ν. */
export interface HandedModel {
  /** Names it, such as `two-moons-2000.onnx`. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** σ̃ of its class. */
  readonly sigma: number;
  /** What it was learned from, where that is a density of the plane. */
  readonly target: TargetState | undefined;
  /** Steps of training. */
  readonly step: number;
}

let model = $state.raw<HandedModel>();

export const handover = {
  get model() {
    return model;
  },
  give: (next: HandedModel | undefined) => {
    model = next;
  },
};
