/** What a stream has to write now. */
export type DueHeartbeat = "none" | "heartbeat" | "heartbeat with retry";

/**
 * When a stream needs a heartbeat, and when its reader needs another `retry`. Times are milliseconds of running time.
 */
export class HeartbeatSchedule {
  /** When the last frame with an id was written. */
  #lastIdAt: number;
  /** The window that the reader's `retry` was drawn from, in milliseconds. */
  #retryWindow = 0;

  constructor(now: number) {
    this.#lastIdAt = now;
  }

  noteId(now: number): void {
    this.#lastIdAt = now;
  }

  noteRetry(retryWindow: number): void {
    this.#retryWindow = retryWindow;
  }

  /**
   * What is due. The reader gets another `retry` as soon as the window has doubled. That happens a few times in a
   * stream's life, and at another time for each stream that began at another time.
   *
   * @param interval milliseconds between heartbeats @param retryWindow the window of now, in milliseconds
   */
  due(now: number, interval: number, retryWindow: number): DueHeartbeat {
    if (retryWindow > 2 * this.#retryWindow) return "heartbeat with retry";
    return now - this.#lastIdAt < interval ? "none" : "heartbeat";
  }
}
