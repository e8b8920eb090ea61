import type { Address, Contract } from "@tidings/contract";
import type { Entry, Hole } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { LONGEST_TIMER, type Clock } from "@tidings/protocol/clock";
import { READ_RETRY } from "../runtime/limits.ts";
import { sleep } from "../runtime/sleep.ts";
import type { Trace } from "../runtime/trace.ts";
import { Pump, type Consumer, type PumpNeeds } from "../stream/pump.ts";
import type { Tailer } from "../window/tailer.ts";
import { entryItem, gapItem, type AnyItem } from "./read-item.ts";

/** What all readers of a hub need. */
export interface ReaderNeeds extends PumpNeeds {
  readonly contract: Contract;
  readonly tailer: Pick<Tailer, "ready">;
  readonly trace: Pick<Trace, "add">;
  readonly closing: AbortSignal;
  /** The readers that have begun in this process. The hub ends them when it closes. */
  readonly readers: Pick<Set<Reader>, "add" | "delete">;
}

/** Where a reader begins, and what ends it. */
interface ReaderStart {
  /** Asks the log where to begin, if the application has not said it. Called again if it fails. */
  readonly find: () => Promise<Cursor>;
  /** The position as far as it is known before that; null for none. */
  readonly cursor: string | null;
  /** Aborting it ends the reader. */
  readonly signal: AbortSignal | undefined;
}

/**
 * A loop of the application: a pump and the items that the loop has not taken yet. The pump takes the next batch when
 * the loop waits for it and not before, so no more than one batch waits in memory.
 */
export class Reader implements Consumer {
  readonly stream = null;
  readonly #needs: ReaderNeeds;
  readonly #addresses: ReadonlyMap<string, Address>;
  readonly #signal: AbortSignal | undefined;
  readonly #ending = new AbortController();
  readonly #end = (): void => this.end();
  #findStart: () => Promise<Cursor>;
  #pump: Pump | null = null;
  #items: AnyItem[] = [];
  /** The position after the last item that the loop has got. */
  #cursor: string | null;
  /** Wakes the loop; null while it does not wait. */
  #wake: (() => void) | null = null;

  /** @param addresses by path */
  constructor(needs: ReaderNeeds, addresses: ReadonlyMap<string, Address>, start: ReaderStart) {
    this.#needs = needs;
    this.#addresses = addresses;
    this.#findStart = start.find;
    this.#cursor = start.cursor;
    this.#signal = start.signal;
  }

  get isFull(): boolean {
    return this.#wake === null || this.#items.length > 0;
  }

  /** The position up to which the loop has got everything; null before the log has said where it begins. */
  get cursor(): string | null {
    const position = this.#items.length > 0 ? null : (this.#pump?.readerPosition ?? null);
    return position === null ? this.#cursor : formatCursor(position);
  }

  /** The next item; null at the end. Must not be called again before it has resolved. */
  async next(): Promise<AnyItem | null> {
    while (!this.#isEnded) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#cursor = item.cursor;
        return item;
      }
      await this.#wait();
    }
    return null;
  }

  /** May be called again. */
  end(): void {
    this.#cursor = this.cursor;
    this.#ending.abort();
    this.#signal?.removeEventListener("abort", this.#end);
    this.#needs.readers.delete(this);
    this.#items = [];
    this.#stop();
    this.#wake?.();
  }

  takeEntries(entries: readonly Entry[]): void {
    const { contract } = this.#needs;
    this.#give(
      entries,
      ({ channel }) => channel,
      (entry, address) => entryItem(contract, address, entry),
    );
  }

  takeGap(holes: readonly Hole[], head: Cursor | null): void {
    const position = this.#pump?.cursor;
    if (position === undefined) return;
    if (head !== null) this.#beginAgainAt(head);
    // Only the last one moves the position: an application that dies between two of them meets all of them again.
    const last = holes.at(-1);
    this.#give(
      holes,
      ({ channel }) => channel,
      (hole, address) => gapItem(address, hole, hole === last ? (head ?? position) : position),
    );
  }

  /** Not called: a loop does not begin with current values. */
  takeValues(): void {}

  /** Nobody has to be told: the loop asks for its {@link cursor}. */
  takePosition(): void {}

  /** Not called: all lower bounds are before the first entry, so none becomes void. */
  beginAgain(): void {}

  noteFailure(error: unknown): void {
    const [channel = ""] = this.#addresses.keys();
    this.#needs.trace.add("error", "read-failed", { channel, detail: "events", error });
  }

  get #isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Resolves when there are items, or at the end. */
  async #wait(): Promise<void> {
    const { clock } = this.#needs;
    const letGo = keepAlive(clock);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#pump === null) void this.#begin();
      else this.#pump.pump();
    });
    this.#wake = null;
    letGo();
  }

  /** Begins at its position, as soon as the log answers. */
  async #begin(): Promise<void> {
    const { tailer, clock, closing, readers } = this.#needs;
    if (this.#signal?.aborted === true || closing.aborted) return this.end();
    this.#signal?.addEventListener("abort", this.#end);
    readers.add(this);
    while (!this.#isEnded) {
      try {
        await tailer.ready();
        const position = await this.#findStart();
        if (!this.#isEnded) this.#beginAt(position);
        return;
      } catch (error) {
        if (!this.#isEnded) this.noteFailure(error);
        await sleep(clock, READ_RETRY, this.#ending.signal);
      }
    }
  }

  #beginAt(cursor: Cursor): void {
    // The position counts for all addresses. The first read of the log validates it.
    const fromByPath = new Map(Array.from(this.#addresses.keys(), (path) => [path, 0]));
    const start = { cursor, isConfirmed: false, fromByPath, epoch: cursor.epoch };
    this.#cursor = formatCursor(cursor);
    this.#pump = new Pump(this.#needs, { ...start, readableFromByPath: new Map(), newPaths: [] }, this);
    this.#pump.start();
  }

  #beginAgainAt(position: Cursor): void {
    this.#stop();
    this.#findStart = async () => position;
  }

  #stop(): void {
    this.#pump?.end();
    this.#pump = null;
  }

  #give<Taken>(
    taken: readonly Taken[],
    pathOf: (one: Taken) => string,
    toItem: (one: Taken, address: Address) => AnyItem,
  ): void {
    for (const one of taken) {
      const address = this.#addresses.get(pathOf(one));
      if (address !== undefined) this.#items.push(toItem(one, address));
    }
    if (this.#items.length > 0) this.#wake?.();
  }
}

/** Keeps the process alive until it is called: a program may consist of one loop that waits. */
function keepAlive(clock: Pick<Clock, "setTimeout">): () => void {
  let cancel = (): void => {};
  const hold = (): void => {
    cancel = clock.setTimeout(hold, LONGEST_TIMER);
  };
  hold();
  return () => cancel();
}
