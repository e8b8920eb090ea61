import type { StreamBlock } from "../drive/blocks.ts";
import { VOLATILE_AGE } from "../state/overlap.ts";

/** How many blocks wait at most. */
const MOST_WAITING = 1_000;

/** What the feed brings while a tab catches up. */
export class WaitingBlocks {
  #blocks: { readonly block: StreamBlock; readonly at: number }[] = [];

  /** @param now in milliseconds since 1970. Returns whether there was room; without, none waits any more. */
  add(block: StreamBlock, now: number): boolean {
    if (this.#blocks.length < MOST_WAITING) {
      this.#blocks.push({ block, at: now });
      return true;
    }
    this.clear();
    return false;
  }

  /** All that wait, without volatile events that are too old. None waits any more. */
  take(now: number): readonly StreamBlock[] {
    const blocks = this.#blocks;
    this.clear();
    const isOwed = ({ block, at }: (typeof blocks)[number]) =>
      block.id !== null || !block.event.includes(":") || Math.abs(now - at) <= VOLATILE_AGE;
    return blocks.filter(isOwed).map(({ block }) => block);
  }

  clear(): void {
    this.#blocks = [];
  }
}
