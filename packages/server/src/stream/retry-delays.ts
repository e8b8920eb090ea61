/** Draws when clients come back, so that they do not come at the same moment. All values are milliseconds. */
export interface RetryDelays {
  /** The time over which the clients that are connected have to be spread: more clients, more time. */
  window(): number;
  /** A delay for a client whose connection breaks, drawn from a window. */
  afterBreak(window: number): number;
  /**
   * A delay for a client whose stream is too old. Ages differ, so these clients do not come at the same time, and may
   * come back soon.
   */
  afterMaxAge(): number;
  /** A delay for a client whose stream ends because its viewer has opened a newer one: 30 to 60 seconds. */
  afterDisplacement(): number;
  /**
   * What draws delays for the clients of a hub that closes: over the drain window, or over a window for all clients
   * that are here when this is called.
   */
  whenDraining(): () => number;
}

interface RetryDelayNeeds {
  /** The open streams. */
  readonly streams: { readonly size: number };
  /** The drain window; null when it depends on the number of streams. */
  readonly drain: number | null;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export function createRetryDelays({ streams, drain, random }: RetryDelayNeeds): RetryDelays {
  const window = (): number => Math.min(59_000, 2_000 + streams.size / 4);
  return {
    window,
    afterBreak: (drawnFrom) => 1_000 + random() * drawnFrom,
    afterMaxAge: () => 1_000 + 2_000 * random(),
    afterDisplacement: () => 30_000 + 29_999 * random(),
    whenDraining() {
      const drainWindow = drain === null ? Math.max(4_500, window()) : drain - 500;
      return () => 500 + random() * drainWindow;
    },
  };
}
