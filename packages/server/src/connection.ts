import type { Contract } from "@tidings/contract";
import type { Entry, Hole } from "@tidings/log";
import { formatControl, formatCursor, formatRetry, type ByeReason, type Cursor } from "@tidings/protocol";
import { endOf } from "./access.ts";
import { sleep } from "./clock.ts";
import type { Context } from "./context.ts";
import { concat, controlFrame, frameOf, gapOf, toBytes } from "./frame.ts";
import type { ConnectionInfo, Viewer } from "./hub-options.ts";
import type { Sink, StreamControl } from "./sink.ts";
import { owedOf, type Start } from "./start.ts";

/** How long a connection waits after a read that failed, in milliseconds. */
const READ_RETRY = 1_000;

let opened = 0;

/**
 * One open response. Its only moving state is the cursor: `pump` takes what is owed from the ring, else from the log, while the
 * sink accepts it. An entry is owed iff its `seq` is greater than the cursor and than the `from` of its path.
 */
export class Connection implements StreamControl {
  readonly id = ++opened;
  readonly froms: Map<string, number>;
  /** What the hooks are told. */
  readonly info: ConnectionInfo<Contract, Viewer>;
  /** When credentials or rights end, in milliseconds since 1970. */
  expiresAt: number;
  /** When the stream is old, in milliseconds since 1970. */
  readonly #oldAt: number;
  readonly #context: Context;
  readonly #sink: Sink;
  readonly #readable: Start["readable"];
  /** The epoch in which the `from`s are positions. */
  readonly #epoch: string;
  #cursor: Cursor;
  #confirmed: boolean;
  /** Everything up to the ring's head is delivered, so the ring's head is the cursor. */
  #idle = false;
  /** The log had nothing after the cursor, and the ring has not moved since. */
  #exhausted = false;
  #blocked = false;
  #reading = false;
  isClosed = false;
  /** Paths whose current values come first, and the position after which they are still to come. */
  #fresh: readonly string[];
  #value: Cursor | null = null;
  /** By path: the end of a hole that the reader knows of. Made when there is one. */
  #told: Map<string, number> | null = null;
  /** When the last frame with an id was written, in milliseconds since 1970. */
  #lastId: number;
  /** What the reader's `retry` was drawn from, in milliseconds. */
  #spread = 0;

  constructor(context: Context, sink: Sink, start: Start) {
    const { ring, clock, random, limits } = context;
    const { viewer, granted, refused } = start.access;
    this.#context = context;
    this.#sink = sink;
    this.#readable = start.readable;
    this.#epoch = start.epoch;
    this.froms = start.froms;
    this.info = { viewer, addresses: Array.from(granted.values(), ({ address }) => address) };
    this.expiresAt = endOf(start.access);
    this.#oldAt = clock.now() + limits.maxAge * (0.9 + 0.2 * random());
    this.#cursor = start.cursor;
    this.#confirmed = start.confirmed || ring.covers(start.cursor);
    this.#fresh = start.fresh;
    this.#lastId = clock.now();
    this.#write(toBytes(this.#drawRetry() + formatControl("hello", context.hello, this.#id())));
    for (const reason of ["forbidden", "unknown"] as const) {
      const channels = [...refused.keys()].filter((path) => refused.get(path) === reason);
      if (channels.length > 0) this.#write(controlFrame("bye", { reason, channels }));
    }
    this.#writeGap(start.holes);
  }

  get cursor(): Cursor {
    return this.#idle ? this.#context.ring.head : this.#cursor;
  }

  /** Takes part in the hub's turn: the ring, whose head was `before` until now, has moved. */
  wake(before: Cursor): boolean {
    this.#exhausted = false;
    if (this.#idle) this.#cursor = before;
    this.#idle = false;
    // When its socket or its page of the log is there, it goes on by itself.
    return !this.#blocked && !this.#reading;
  }

  pump(): void {
    const { ring, clock, connections } = this.#context;
    while (!this.#blocked && !this.#reading && !this.isClosed && !this.#idle) {
      if (connections.turn.isOver) return connections.queue(this);
      if (this.#fresh.length > 0) return void this.#readCurrent();
      if (!ring.covers(this.#cursor)) {
        if (this.#isAhead()) return void connections.ahead.add(this);
        return void this.#readLog();
      }
      const slice = ring.slice(this, clock.now());
      if (slice === null) {
        this.#idle = true;
        return;
      }
      this.#cursor = { epoch: this.#cursor.epoch, seq: slice.next };
      this.#writeEntries(slice.entries, slice.bytes);
    }
  }

  drained(): void {
    this.#blocked = false;
    this.pump();
  }

  /** The reader is gone, or we have ended the stream. */
  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#context.connections.remove(this);
  }

  /** Ends the stream when it is time, else writes a heartbeat when it is idle. `shared` is that of whoever has everything. */
  tick(now: number, shared: Uint8Array): void {
    if (now >= this.expiresAt) return this.end("expired");
    // Ages differ, so those who come back are no crowd, and need not stay away for as long as after a crash.
    if (now >= this.#oldAt) return this.end("max-age", 1_000 + 2_000 * this.#context.random());
    if (this.#blocked) return;
    const { heartbeat, connections } = this.#context;
    // As soon as it has doubled, so it is a few times in a stream's life, and another time for each who came at another time.
    const isCrowded = connections.spread() > 2 * this.#spread;
    // A distance: a clock that was set back does not silence the stream.
    if (!isCrowded && Math.abs(now - this.#lastId) < heartbeat) return;
    this.#lastId = now;
    if (isCrowded) this.#writeHeartbeat(this.#drawRetry());
    else if (this.#idle) this.#write(shared);
    else this.#writeHeartbeat();
  }

  /** Ends some of the paths; the stream ends with the last one. */
  refuse(paths: readonly string[], reason: ByeReason): void {
    if (this.isClosed) return;
    const ended = paths.filter((path) => this.froms.delete(path));
    if (ended.length === 0) return;
    this.#context.connections.unfollow(this, ended);
    if (this.froms.size === 0) this.end(reason);
    else this.#write(controlFrame("bye", { reason, channels: ended }));
  }

  /** Says `bye` and ends the stream. @param retry the milliseconds after which the client should come back */
  end(reason: ByeReason, retry: number | null = null): void {
    if (this.isClosed) return;
    this.#write(toBytes((retry === null ? "" : formatRetry(retry)) + formatControl("bye", { reason })));
    this.#finish();
  }

  #finish(): void {
    this.closed();
    void this.#context.trace.guard("hook-failed", () => this.#sink.end(), { detail: "sink" });
  }

  /**
   * Whether the ring will have what comes next. It is in another epoch when the reader, not the tailer, was first to read
   * the log after a failover.
   */
  #isAhead(): boolean {
    const { ring } = this.#context;
    if (this.#cursor.epoch !== ring.head.epoch) return this.#exhausted;
    return this.#confirmed && this.#cursor.seq > ring.head.seq;
  }

  /** Takes a page of the log when its turn comes, and goes on. */
  async #read<Found>(read: (signal: AbortSignal) => Promise<Found>, take: (found: Found) => void): Promise<void> {
    const { reads, clock, trace, closing } = this.#context;
    this.#reading = true;
    try {
      // Whoever has left before its turn costs no read.
      const found = await reads(async (signal) => (this.isClosed ? null : read(signal)));
      if (found !== null && !this.isClosed) take(found);
    } catch (error) {
      if (this.isClosed) return;
      trace.add("error", "read-failed", { connection: this.id, error });
      await sleep(clock, READ_RETRY, closing.signal);
    }
    this.#reading = false;
    this.pump();
  }

  #readCurrent(): Promise<void> {
    const { log, slice } = this.#context;
    return this.#read(
      async () => ({ page: await log.current(this.#fresh, this.#value, slice), head: await log.head() }),
      ({ page: { entries, next, more }, head }) => {
        // A failover: what it took is due before values that may be newer, so the reader begins anew.
        if (head.epoch !== this.#epoch) return this.end("max-age");
        this.#value = next;
        // A path may have been refused meanwhile.
        const values = entries.filter(
          ({ channel, seq }) => this.froms.has(channel) && seq > (this.#readable.get(channel) ?? 0),
        );
        if (values.length > 0) this.#write(concat(values.map((entry) => frameOf(entry, null))));
        if (more) return;
        this.#fresh = [];
        // Now that the values are out, the reader may take the position that was read before them.
        this.#writeHeartbeat();
      },
    );
  }

  #readLog(): Promise<void> {
    const { log, ring, slice } = this.#context;
    const asked = this.#cursor;
    const head = ring.head;
    return this.#read(
      (signal) => log.read(asked, [...this.froms.keys()], slice, signal),
      (page) => {
        const { entries, holes } = owedOf(page, this.froms, asked);
        if (holes.some(({ reason }) => reason !== "trimmed")) {
          this.#writeGap(holes, page.next);
          return this.#finish();
        }
        // What `from` was in an epoch that has ended may be after its end: the client starts that channel anew.
        const hasChanged = page.next.epoch !== this.#epoch && asked.epoch === this.#epoch;
        if (hasChanged && [...this.froms.values()].some((from) => from > asked.seq)) return this.end("max-age");
        // What was told of the former epoch says nothing of places that were written again.
        if (page.next.epoch !== asked.epoch) this.#told = null;
        this.#writeGap(this.#news(holes));
        this.#cursor = page.next;
        this.#exhausted = !page.more && ring.head === head;
        const moves = this.#writeEntries(entries, concat(entries.map((entry) => frameOf(entry))));
        if (this.#confirmed) return;
        // The hello had no id, since the log had not confirmed the position yet.
        this.#confirmed = true;
        if (!moves) this.#writeHeartbeat();
      },
    );
  }

  /** The holes that the reader has not been told; the next page may begin before their end. */
  #news(holes: readonly Hole[]): readonly Hole[] {
    if (holes.length === 0) return holes;
    const told = (this.#told ??= new Map());
    const news = holes.filter(({ channel, to }) => to > (told.get(channel) ?? 0));
    for (const { channel, to } of news) told.set(channel, to);
    return news;
  }

  /** @param head the position to go on from when the reader's own means nothing any more */
  #writeGap(holes: readonly Hole[], head: Cursor | null = null): void {
    if (holes.length === 0) return;
    this.#write(controlFrame("gap", gapOf(holes), head === null ? null : formatCursor(head)));
    this.#context.trace.add("debug", "gap", {
      connection: this.id,
      detail: holes.map(({ channel }) => channel).join(" "),
    });
  }

  /** The position as an id; null while it must not be the reader's: values come first, or the log has not confirmed it. */
  #id(): string | null {
    return this.#fresh.length === 0 && this.#confirmed ? formatCursor(this.cursor) : null;
  }

  /** When to come back, at random: the more there are to come back at once, the wider they are spread. */
  #drawRetry(): string {
    const { connections, random } = this.#context;
    this.#spread = connections.spread();
    return formatRetry(1_000 + random() * this.#spread);
  }

  #writeHeartbeat(retry = ""): void {
    this.#write(toBytes(retry + formatControl("heartbeat", {}, this.#id())));
  }

  /** Answers whether one of them has an id. */
  #writeEntries(entries: readonly Entry[], bytes: Uint8Array): boolean {
    const { clock, trace } = this.#context;
    const moves = entries.some(({ mode }) => mode !== "volatile");
    if (moves) this.#lastId = clock.now();
    if (entries.length > 0) this.#write(bytes);
    for (const entry of entries) trace.passed("write", entry, entry, { connection: this.id });
    return moves;
  }

  #write(bytes: Uint8Array): void {
    if (this.isClosed) return;
    try {
      if (!this.#sink.write(bytes)) this.#blocked = true;
    } catch (error) {
      // The others must not suffer for a sink that breaks its word.
      this.#context.trace.add("error", "hook-failed", { connection: this.id, detail: "sink", error });
      this.closed();
    }
  }
}
