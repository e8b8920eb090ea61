import { EntryList, type Slot } from "./entry-index.ts";
import type { ChannelKeep, Entry } from "./event-log.ts";

/**
 * The entries that retention drops for their age: one list for each rule, oldest first. So what one rule keeps for long
 * does not hide what another one drops.
 */
export class AgedEntries {
  readonly #lists = new Map<ChannelKeep, EntryList<Entry>>();

  /** Adds the newest entry of all. @param keep the same object for all channels of a rule */
  add(keep: ChannelKeep, slot: Slot<Entry>): void {
    const list = this.#lists.get(keep) ?? new EntryList();
    this.#lists.set(keep, list);
    list.add(slot);
  }

  /** To be called after an entry was dropped that this rule is about. */
  noteDrop(keep: ChannelKeep): void {
    this.#lists.get(keep)?.noteDrop();
  }

  /**
   * An entry that is as old as its rule allows; undefined if there is none. An entry from before the clock went back
   * stays until the clock has caught up, and so do those of its rule that came later.
   */
  findAged(now: number): Slot<Entry> | undefined {
    for (const [{ age }, list] of this.#lists) {
      const slot = list.oldest();
      if (slot?.item && now - slot.item.at >= age) return slot;
    }
    return undefined;
  }
}
