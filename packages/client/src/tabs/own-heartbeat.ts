import type { Clock } from "@tidings/protocol/clock";
import { parseControl } from "../drive/blocks.ts";

const DEFAULT_HEARTBEAT = 15_000;

/**
 * The heartbeat of one tab. While the feed is busy with other paths, the server sends none, and the position of the tab
 * has to move on all the same: PROTOCOL.md, section 5.5.
 */
export class OwnHeartbeat {
  readonly #clock: Pick<Clock, "setTimeout">;
  readonly #beat: () => void;
  #cancel: (() => void) | null = null;

  constructor(clock: Pick<Clock, "setTimeout">, beat: () => void) {
    this.#clock = clock;
    this.#beat = beat;
  }

  /** The tab was told nothing with a position. @param hello the data of the server's hello, which has the interval */
  beatLater(hello: string): void {
    const { heartbeat } = parseControl(hello);
    const delay = heartbeat > 0 ? Math.min(heartbeat, DEFAULT_HEARTBEAT) : DEFAULT_HEARTBEAT;
    this.#cancel ??= this.#clock.setTimeout(() => {
      this.#cancel = null;
      this.#beat();
    }, delay);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
