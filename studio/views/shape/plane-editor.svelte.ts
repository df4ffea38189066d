/** What pointer and keys do in the plane of Shape: look, draw points, arrange a mixture. */
import { addPoint, keyMove, moveRow, nearestRow, removeRow, within } from '../../target/edit.ts';
import { bounds, type Centre, type Point } from '../../target/fields.ts';

/** What dragging does to points. */
export type Tool = 'draw' | 'move' | 'erase';

interface EditedState {
  readonly target: string;
  points: readonly Point[];
  centres: readonly Centre[];
}

/** Pixels within which something is meant. */
const REACH = 16;
/** Least distance of points that one stroke draws, in pixels. */
const GAP = 11;
/** What an arrow key moves, in the unit of x. */
const KEY_STEP = 0.1;

export interface PlaneEditor {
  tool: Tool;
  /** The place that is looked at: of the pointer, or of the cross that keys move. */
  readonly at: Point | undefined;
  /** The centre that is arranged, −1 for none. */
  chosen: number;
  readonly dragging: boolean;
  /** `scale`: pixels of one unit of x. */
  press(at: Point, scale: number): void;
  move(at: Point, scale: number): void;
  release(): void;
  leave(): void;
  /** True where the key meant something here. */
  key(event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): boolean;
  addCentre(at?: Point): void;
  removeCentre(): void;
}

/** An editor of a view's target. */
export function planeEditor(state: EditedState): PlaneEditor {
  let tool = $state<Tool>('draw');
  let at = $state<Point>();
  let chosen = $state(0);
  let dragging = $state(false);
  /** The point that is moved. */
  let grabbed = -1;

  const rows = () => (state.target === 'mixture' ? state.centres : state.points);

  function drawAt(place: Point, scale: number): void {
    if (tool === 'draw') state.points = addPoint(state.points, place, GAP / scale);
    else if (tool === 'move' && grabbed >= 0) state.points = moveRow(state.points, grabbed, place);
    else if (tool === 'erase') {
      const index = nearestRow(state.points, place, REACH / scale);
      if (index >= 0) state.points = removeRow(state.points, index);
    }
  }
  function addCentre(place: Point = at ?? [0, 0]): void {
    if (state.centres.length >= bounds.centres) return;
    state.centres = [...state.centres, [...within(place), 1, 0.6]];
    chosen = state.centres.length - 1;
  }
  function removeCentre(): void {
    state.centres = removeRow(state.centres, chosen);
    chosen = Math.min(chosen, state.centres.length - 1);
  }
  function centreKey(event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): boolean {
    const count = state.centres.length;
    const centre = state.centres[chosen];
    const moved = centre && keyMove(event, [centre[0], centre[1]], KEY_STEP);
    if (moved) state.centres = moveRow(state.centres, chosen, moved);
    else if (event.key === 'n' && count > 0) chosen = (chosen + 1) % count;
    else if (event.key === 'p' && count > 0) chosen = (chosen + count - 1) % count;
    else if (event.key === 'a') addCentre([0, 0]);
    else if ((event.key === 'Delete' || event.key === 'Backspace') && centre) removeCentre();
    else return false;
    const now = state.centres[chosen];
    at = now && [now[0], now[1]];
    return true;
  }
  function crossKey(event: Pick<KeyboardEvent, 'key' | 'shiftKey'>): boolean {
    const moved = keyMove(event, at ?? [0, 0], KEY_STEP);
    if (moved) {
      at = moved;
      return true;
    }
    if (state.target !== 'points') return false;
    const place = at ?? [0, 0];
    if (event.key === 'Enter' || event.key === ' ') state.points = addPoint(state.points, place);
    else if (event.key === 'Delete' || event.key === 'Backspace') {
      const index = nearestRow(state.points, place, 0.5);
      if (index >= 0) state.points = removeRow(state.points, index);
    } else return false;
    at = place;
    return true;
  }

  return {
    get tool() {
      return tool;
    },
    set tool(next) {
      tool = next;
    },
    get at() {
      return at;
    },
    get chosen() {
      return chosen;
    },
    set chosen(next) {
      chosen = next;
    },
    get dragging() {
      return dragging;
    },
    press(place, scale) {
      at = place;
      dragging = true;
      grabbed = nearestRow(rows(), place, REACH / scale);
      if (state.target === 'mixture') {
        if (grabbed >= 0) chosen = grabbed;
      } else if (state.target === 'points') drawAt(place, scale);
    },
    move(place, scale) {
      at = place;
      if (!dragging) return;
      if (state.target === 'points') drawAt(place, scale);
      else if (state.target === 'mixture' && grabbed >= 0) {
        state.centres = moveRow(state.centres, grabbed, place);
      }
    },
    release() {
      dragging = false;
      grabbed = -1;
    },
    leave() {
      if (!dragging) at = undefined;
    },
    key: (event) => (state.target === 'mixture' ? centreKey(event) : crossKey(event)),
    addCentre,
    removeCentre,
  };
}
