/** Work in rounds that can be played, paused and interrupted between two of them. */
export interface Player {
  play(): void;
  pause(): void;
  /** Does something between two rounds. */
  between<T>(task: () => Promise<T>): Promise<T>;
}

export interface PlayerOptions {
  /** One round; false when there is nothing left to do. */
  readonly round: () => Promise<boolean>;
  /** Hears why playing ended, unless it was paused or done. */
  readonly onFailure: (error: unknown) => void;
}

export function createPlayer({ round, onFailure }: PlayerOptions): Player {
  const between = oneAfterAnother();
  let playing = false;
  let running = false;
  const loop = async () => {
    running = true;
    try {
      while (playing) playing = (await between(round)) && playing;
    } catch (error) {
      playing = false;
      onFailure(error);
    } finally {
      running = false;
    }
  };
  return {
    play: () => {
      playing = true;
      // After a pause that the round under way has not seen yet, it simply goes on.
      if (!running) void loop();
    },
    pause: () => {
      playing = false;
    },
    between,
  };
}

/** Runs tasks one at a time, in the order in which they come; each gets its own result or error. */
function oneAfterAnother(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const own = last.then(task);
    last = own.catch(() => undefined);
    return own;
  };
}
