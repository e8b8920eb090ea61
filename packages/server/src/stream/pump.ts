import type { Cursor } from "@tidings/protocol";
import type { LeavableBounds } from "../position/lower-bounds.ts";
import { rangeOfRead, wholeRange, type ReadRange } from "../position/read-range.ts";
import { hasVoidBound, isOwedAfter, owedOf, pageUpTo, voidHoleOf } from "../position/owed.ts";
import type { StartPosition } from "../position/start-position.ts";
import type { CommandedStream } from "../rights/commands.ts";
import { READ_RETRY } from "../runtime/limits.ts";
import type { ReadTask } from "../runtime/read-queue.ts";
import { sleep } from "../runtime/sleep.ts";
import type { SharedPage } from "../window/shared-pages.ts";
import { LogBatch } from "../wire/batch.ts";
import type { Consumer } from "./consumer.ts";
import type { Follower } from "./followers.ts";
import type { PumpNeeds } from "./pump-needs.ts";
import {
  CONFIRMED,
  firstPhase,
  entrySourceOf,
  phaseAfter,
  type Phase,
  type ValuesPhase,
  type Work,
} from "./pump-state.ts";
import { ReportedHoles } from "./reported-holes.ts";
import { pathsOfRead, readValues, type ValuesRead } from "./values-read.ts";

/**
 * A cursor over the log, and what moves it. `pump` takes what is owed from the ring, else from the log, while the
 * consumer is not full. An entry is owed if and only if its `seq` is greater than those of the cursor and of the lower
 * bound of its path (law 1).
 *
 * So the cursor is the only state of the delivery. The other state says where the pump is in its work:
 * - `#work`: what it is doing, or what it waits for ({@link Work})
 * - `#phase`: whether the position may be given to the reader yet ({@link Phase})
 * - `#upTo`: how far it may go while `authorize` is asked again
 * - `#areBoundsVoid`: whether a read that began at the first bound was void
 * - `#exhaustedAt`: up to which head the log has nothing more for it
 * - `#reading`: what gives up the read that is under way; null before the first one
 * - `fromByPath`: the paths that it follows; a path that is refused leaves
 * - `isQueued`: whether it waits for its turn
 */
export class Pump implements Follower {
  /** The lower bound of each path that it follows. A bound never changes; a path that is refused leaves. */
  readonly fromByPath: LeavableBounds;
  isQueued = false;
  readonly #needs: PumpNeeds;
  readonly #consumer: Consumer;
  /** The epoch in which the lower bounds are positions. */
  readonly #epoch: string;
  /** Out of date while the work is `caught up`: use {@link cursor}. */
  #cursor: Cursor;
  #work: Work = "ready";
  #phase: Phase;
  #upTo = Infinity;
  #areBoundsVoid = false;
  /** The ring's head when the log had nothing more after the cursor; null when it had more. */
  #exhaustedAt: Cursor | null = null;
  readonly #reportedHoles = new ReportedHoles();
  #reading: AbortController | null = null;

  constructor(needs: PumpNeeds, start: Omit<StartPosition, "access" | "holes">, consumer: Consumer) {
    this.#needs = needs;
    this.#consumer = consumer;
    this.#epoch = start.epoch;
    this.fromByPath = start.fromByPath;
    this.#cursor = start.cursor;
    this.#phase = firstPhase(start, needs.ring);
  }

  get stream(): CommandedStream | null {
    return this.#consumer.stream;
  }

  get cursor(): Cursor {
    return this.isCaughtUp ? this.#needs.ring.head : this.#cursor;
  }

  /** The position as far as the reader may have it; null before it is the reader's. */
  get readerPosition(): Cursor | null {
    return this.#phase.name === "confirmed" ? this.cursor : null;
  }

  /** The `seq` up to which it may go; `Infinity` unless {@link holdAt} has set it. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Whether everything up to the ring's head is delivered. */
  get isCaughtUp(): boolean {
    return this.#work === "caught up";
  }

  get isEnded(): boolean {
    return this.#work === "ended";
  }

  start(): void {
    this.#needs.followers.follow(this, this.fromByPath.keys());
    this.pump();
  }

  /** Goes on as far as it can: until it waits for something, or the turn of the event loop is over. */
  pump(): void {
    while (this.#canPump()) {
      if (this.#needs.wakeQueue.isTurnOver) return this.#needs.wakeQueue.add(this);
      if (this.#phase.name === "current values") void this.#readCurrentValues(this.#phase);
      else this.#takeOwed();
    }
  }

  /** Notes that the ring has moved away from `headBefore`. Says whether the pump can go on now. */
  wake(headBefore: Cursor): boolean {
    switch (this.#work) {
      case "caught up":
        this.#cursor = headBefore;
        this.#become("ready");
        break;
      case "waiting for ring":
        this.#become("ready");
        break;
      case "ready":
      case "reading":
      case "held":
      case "ended":
    }
    return this.#canPump();
  }

  /** From now on it takes nothing of the log that comes after this `seq`. */
  holdAt(seq: number): void {
    this.#upTo = seq;
    this.#goOn();
  }

  /** Undoes {@link holdAt}. */
  release(): void {
    this.#upTo = Infinity;
    this.#goOn();
  }

  /** Stops following paths. Returns those that it has followed. */
  leave(paths: readonly string[]): readonly string[] {
    const followed = paths.filter((path) => this.fromByPath.delete(path));
    this.#needs.followers.unfollow(this, followed);
    return followed;
  }

  /** Nothing is taken any more. May be called again. */
  end(): void {
    this.#become("ended");
    this.#reading?.abort();
    this.#needs.followers.unfollow(this, this.fromByPath.keys());
    this.#needs.followers.stopWaiting(this);
  }

  /** The only place where the work changes. */
  #become(work: Work): void {
    if (this.#work !== "ended") this.#work = work;
  }

  /** The end of what it may take has moved. */
  #goOn(): void {
    if (this.#work === "held") this.#become("ready");
    if (this.#canPump()) this.#needs.wakeQueue.add(this);
  }

  #canPump(): boolean {
    return this.#work === "ready" && !this.#consumer.isFull;
  }

  #takeOwed(): void {
    const { ring, followers } = this.#needs;
    if (this.#cursor.seq >= this.#upTo) return this.#become("held");
    switch (entrySourceOf(this.#cursor, this.#phase, ring, this.#exhaustedAt)) {
      case "ring":
        return this.#takeFromRing();
      case "log":
        return this.#takeFromLog();
      case "ring, later":
        this.#become("waiting for ring");
        return followers.waitForRing(this);
    }
  }

  #takeFromRing(): void {
    const { ring, clock } = this.#needs;
    const batch = ring.nextBatch(this, clock.now());
    const { epoch, seq } = batch?.next ?? { ...ring.head, seq: Math.min(ring.head.seq, this.#upTo) };
    if (epoch !== this.#cursor.epoch) {
      const epochEnd = { epoch: this.#cursor.epoch, seq: ring.endOf(this.#cursor.epoch) };
      if (hasVoidBound(this.fromByPath, this.#epoch, epochEnd, { epoch, seq })) return this.#consumer.beginAgain();
      this.#reportedHoles.forget();
    }
    // Most readers get all that they are owed at once. Then they need not ask again to know it.
    const isAtHead = seq === ring.head.seq && epoch === ring.head.epoch;
    // Otherwise a copy: the entry of a batch must not be kept after the ring has dropped it.
    this.#cursor = isAtHead ? ring.head : { epoch, seq };
    if (isAtHead) this.#become("caught up");
    if (batch !== null) this.#consumer.takeEntries(batch);
  }

  /** Reads the log when its turn comes, handles the result, and goes on. */
  async #read<Result>(
    paths: readonly string[],
    read: ReadTask<Result>,
    handle: (result: Result) => void,
  ): Promise<void> {
    const { reads, clock } = this.#needs;
    this.#become("reading");
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const result = await reads(read, { paths, gone: reading.signal });
      if (!this.isEnded) handle(result);
    } catch (error) {
      if (this.isEnded) return;
      this.#consumer.noteFailure(error);
      // The signal of this read: Node warns when each stream adds a listener to one signal of the hub.
      await sleep(clock, READ_RETRY, reading.signal);
    }
    // What was read may have to wait until `authorize` has answered.
    if (this.#work === "reading") this.#become("ready");
    this.pump();
  }

  #readCurrentValues(phase: ValuesPhase): Promise<void> {
    const { log, streamReadLimit: limit } = this.#needs;
    return this.#read(
      pathsOfRead(phase),
      (_, of) => readValues(log, of, phase, limit),
      (read) => this.#handleCurrentValues(read, phase),
    );
  }

  #handleCurrentValues({ page, head }: ValuesRead, phase: ValuesPhase): void {
    // After a failover, entries that are still owed would follow values that may be newer: the reader begins again.
    if (head.epoch !== this.#epoch) return this.#consumer.beginAgain();
    // A path may have been refused meanwhile.
    const first = page.entries.filter((entry) => this.fromByPath.has(entry.channel) && phase.comesFirst(entry));
    const beyond = first.filter(({ seq }) => seq > this.#upTo);
    // They are read again when the answer is there, unless they come as events, too: values may change all the time.
    if (!beyond.every((entry) => isOwedAfter(entry, this.fromByPath, this.#cursor))) return this.#become("held");
    this.#consumer.takeValues(first.filter(({ seq }) => seq <= this.#upTo));
    this.#phase = phaseAfter(phase, page);
    // All values are there, so the reader may have the position that was read before them.
    if (this.#phase.name === "confirmed") this.#consumer.takePosition(this.cursor);
  }

  #takeFromLog(): void {
    const { pages, ring } = this.#needs;
    const range = this.#nextRange();
    const ringHead = ring.head;
    const shared = pages.find(range.after, range.paths);
    if (shared !== null) return this.#handlePage(shared, range, ringHead);
    void this.#read(
      range.paths,
      (signal, of) => pages.read(range.after, of, signal),
      (page) => this.#handlePage(page, range, ringHead),
    );
  }

  #nextRange(): ReadRange {
    if (this.#areBoundsVoid) return wholeRange(this.fromByPath, this.#cursor);
    return rangeOfRead(this.fromByPath, this.#epoch, this.#cursor, this.#needs.streamReadLimit.entries);
  }

  /** @param range what was read @param ringHead the ring's head at that moment */
  #handlePage({ page: whole, batch }: SharedPage, range: ReadRange, ringHead: Cursor): void {
    const isVoid = voidHoleOf(whole.holes) !== undefined;
    const position = range.after;
    if (isVoid && position !== this.#cursor) {
      this.#areBoundsVoid = true;
      return;
    }
    const page = pageUpTo(whole, Math.min(range.upTo, this.#upTo), position);
    const { entries, holes } = owedOf(page, this.fromByPath, position);
    if (voidHoleOf(holes) !== undefined) return this.#consumer.takeGap(holes, page.next);
    if (hasVoidBound(this.fromByPath, this.#epoch, position, page.next)) return this.#consumer.beginAgain();
    // What was reported in the former epoch says nothing about positions that were written again.
    if (page.next.epoch !== position.epoch) this.#reportedHoles.forget();
    const newHoles = this.#reportedHoles.takeNew(holes);
    if (newHoles.length > 0) this.#consumer.takeGap(newHoles, null);
    this.#cursor = page.next;
    this.#exhaustedAt = page.more ? null : ringHead;
    // All frames are shared, unless something of the page is not owed to this reader.
    this.#consumer.takeEntries(entries.length === whole.entries.length ? batch : new LogBatch(entries));
    if (this.#phase.name === "confirmed") return;
    // The reader has no position yet, since the log had not confirmed it.
    this.#phase = CONFIRMED;
    if (entries.every(({ mode }) => mode === "volatile")) this.#consumer.takePosition(this.cursor);
  }
}
