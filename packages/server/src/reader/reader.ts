import type { Address, Contract } from "@tidings/contract";
import { isEnd, type Entry, type EventLog, type Hole } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { LONGEST_TIMER, type Clock } from "@tidings/protocol/clock";
import { onAbort } from "@tidings/protocol/on-abort";
import { READ_RETRY } from "../runtime/limits.ts";
import { sleep } from "../runtime/sleep.ts";
import type { Trace } from "../runtime/trace.ts";
import type { Consumer } from "../stream/consumer.ts";
import { Pump } from "../stream/pump.ts";
import type { PumpNeeds } from "../stream/pump-needs.ts";
import type { Batch } from "../wire/batch.ts";
import type { Tailer } from "../window/tailer.ts";
import { findEnds } from "../position/find-ends.ts";
import { voidHoleOf } from "../position/owed.ts";
import { entryItem, gapItem, type AnyItem } from "./read-item.ts";

/** What all readers of a hub need. */
export interface ReaderNeeds extends PumpNeeds {
  readonly log: PumpNeeds["log"] & Pick<EventLog, "read">;
  readonly contract: Contract;
  readonly tailer: Pick<Tailer, "ready">;
  readonly trace: Pick<Trace, "add">;
  readonly closing: AbortSignal;
  /** The readers that have begun in this process. The hub ends them when it closes. */
  readonly readers: Pick<Set<Reader>, "add" | "delete">;
}

/** Where a reader begins, and what ends it. */
interface ReaderStart {
  /** Whether the application has not said what it has seen. Then it has to hear of ends before the start, too. */
  readonly isNew: boolean;
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
  /** The signal of the application need not end this reader any more. */
  #forgetSignal = (): void => {};
  #findStart: () => Promise<Cursor>;
  #pump: Pump | null = null;
  #items: AnyItem[] = [];
  /** The paths whose end the loop has not got, or may have lost. With the last one, the reader ends. */
  readonly #open: Set<string>;
  /** Whether the ends that lie before the position are told. Otherwise the application has had them. */
  #isNew: boolean;
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
    this.#open = new Set(addresses.keys());
    this.#isNew = start.isNew;
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
      if (this.#open.size === 0) this.end();
      else await this.#wait();
    }
    return null;
  }

  /** May be called again. */
  end(): void {
    this.#cursor = this.cursor;
    this.#ending.abort();
    this.#forgetSignal();
    this.#needs.readers.delete(this);
    this.#items = [];
    this.#stop();
    this.#wake?.();
  }

  takeEntries({ entries }: Batch): void {
    const { contract } = this.#needs;
    this.#give(
      entries,
      ({ channel }) => channel,
      (entry, address) => entryItem(contract, address, entry),
    );
    this.#close(entries);
  }

  takeGap(holes: readonly Hole[], head: Cursor | null): void {
    const position = this.#pump?.cursor;
    if (position === undefined) return;
    if (head !== null) this.#beginAgainAt(head);
    const all = head === null ? holes : this.#reopen(holes);
    // Only the last one moves the position: an application that dies between two of them meets all of them again.
    const last = all.at(-1);
    this.#give(
      all,
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
    // After a gap it begins again.
    this.#forgetSignal();
    this.#forgetSignal = onAbort(this.#signal, () => this.end());
    readers.add(this);
    while (!this.#isEnded) {
      try {
        await tailer.ready();
        const position = await this.#findStart();
        const ends = await this.#findEndsBefore(position);
        if (!this.#isEnded) this.#beginAt(position, ends);
        return;
      } catch (error) {
        if (!this.#isEnded) this.noteFailure(error);
        await sleep(clock, READ_RETRY, this.#ending.signal);
      }
    }
  }

  /**
   * The ends of the addresses that are over at a position. Only channels that declare an end are looked at. A void
   * position says nothing: the first read makes a gap of it.
   */
  async #findEndsBefore(position: Cursor): Promise<readonly Entry[]> {
    const { contract, log, reads, streamReadLimit } = this.#needs;
    const canEnd = (path: string): boolean => contract[this.#addresses.get(path)?.name ?? ""]?.end !== undefined;
    const paths = [...this.#open].filter(canEnd);
    if (paths.length === 0) return [];
    const gone = this.#ending.signal;
    const nothing = { entries: 0, bytes: 0 };
    const { holes } = await reads((signal, of) => log.read(position, of, nothing, signal), { paths, gone });
    if (voidHoleOf(holes) !== undefined) return [];
    const ends = await findEnds(this.#needs, paths, streamReadLimit, gone);
    return ends.filter(({ seq }) => seq <= position.seq);
  }

  /** @param ends those that lie before the position */
  #beginAt(cursor: Cursor, ends: readonly Entry[]): void {
    this.#cursor = formatCursor(cursor);
    const { contract } = this.#needs;
    const reportedEnds = this.#isNew ? ends : [];
    this.#give(
      reportedEnds,
      ({ channel }) => channel,
      (entry, address) => ({ ...entryItem(contract, address, entry), cursor: formatCursor(cursor) }),
    );
    this.#close(ends);
    if (this.#open.size === 0) return this.#wake?.();
    // The position counts for all addresses. The first read of the log validates it.
    const fromByPath = new Map(Array.from(this.#open, (path) => [path, 0]));
    const start = { cursor, isConfirmed: false, fromByPath, epoch: cursor.epoch };
    const nothingFirst = { readableFromByPath: new Map(), newPaths: [], untoldPaths: [] };
    this.#pump = new Pump(this.#needs, { ...start, ...nothingFirst }, this);
    this.#pump.start();
  }

  #beginAgainAt(position: Cursor): void {
    this.#stop();
    this.#isNew = true;
    this.#findStart = async () => position;
  }

  /**
   * Follows the addresses again that have ended: an end that the loop has got may be among what is lost, and then its
   * address goes on. Returns a hole for each address.
   */
  #reopen(holes: readonly Hole[]): readonly Hole[] {
    const [some] = holes;
    if (some === undefined) return holes;
    const ended = [...this.#addresses.keys()].filter((path) => !this.#open.has(path));
    for (const path of ended) this.#open.add(path);
    return [...ended.map((channel) => ({ ...some, channel })), ...holes];
  }

  /** Nothing more comes of the paths among the entries that have ended. */
  #close(entries: readonly Entry[]): void {
    const ended = entries.filter((entry) => isEnd(entry)).map(({ channel }) => channel);
    for (const path of ended) this.#open.delete(path);
    this.#pump?.leave(ended);
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
