import type { Clock } from "@tidings/protocol/clock";

/** The interval of polls, in milliseconds. A poll costs some microseconds, and half of it is the delay of an event. */
const INTERVAL = 2;

/** What {@link FilePoll} needs. */
interface FilePollNeeds {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly wake: () => void;
  /** A number that changes with every commit of another handle, of any process. */
  readonly readVersion: () => number;
}

/** Polls the file for commits of other handles. The log's own commits do not change its version; they wake at once. */
export class FilePoll {
  readonly #needs: FilePollNeeds;
  #version: number;
  #cancel: () => void;

  constructor(needs: FilePollNeeds) {
    this.#needs = needs;
    this.#version = needs.readVersion();
    this.#cancel = this.#schedule();
  }

  close(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    const { clock, wake } = this.#needs;
    const poll = (): void => {
      if (this.#hasChanged()) wake();
      this.#cancel = this.#schedule();
    };
    return clock.setTimeout(poll, INTERVAL, true);
  }

  #hasChanged(): boolean {
    try {
      const previous = this.#version;
      this.#version = this.#needs.readVersion();
      return this.#version !== previous;
    } catch {
      // Nobody could catch this error here. A watcher that is woken reads, and its read fails with the same error.
      return true;
    }
  }
}
