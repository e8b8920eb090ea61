import type { Entry, EventLog, Hole, Limit, Page } from "@tidings/log";
import {
  formatControl,
  formatCursor,
  formatRetry,
  PROTOCOL_VERSION,
  type ByeReason,
  type Cursor,
  type GapReason,
} from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import { concat, currentFrameOf, frameOf, toBytes } from "./frame.ts";
import type { Gate } from "./gate.ts";
import type { Viewer } from "./hub-options.ts";
import type { Ring } from "./ring.ts";
import type { Sink, StreamControl } from "./sink.ts";
import type { Start } from "./start.ts";
import type { Trace } from "./trace.ts";

/** What all connections of a hub have in common. */
export interface Feed {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Of one read for one connection: what a stalled reader may have waiting. */
  readonly limit: Limit;
  /** Runs a read of the log when its turn comes. */
  readonly reads: Gate;
  /** Wakes the connection when the ring has moved on. */
  awaitRing(connection: Connection): void;
  /** The connection no longer follows these paths. */
  onRefused(connection: Connection, paths: readonly string[]): void;
  onClosed(connection: Connection): void;
}

/** How a connection starts. */
export interface Beginning extends Start {
  readonly viewer: Viewer;
  /** Paths that were asked for and are not followed. */
  readonly refused: ReadonlyMap<string, "forbidden" | "unknown">;
  /** When credentials or rights end, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** When the stream is old, in milliseconds since 1970. */
  readonly oldAt: number;
  /** Milliseconds. */
  readonly retry: number;
  readonly heartbeat: number;
  readonly fingerprint: string;
}

/** How long a connection waits after a read that failed, in milliseconds. */
const READ_RETRY = 1_000;

let connections = 0;

/**
 * One open response. Its only moving state is the cursor: `pump` takes what is owed from the ring, else from the log, while the
 * sink accepts it. An entry is owed iff its `seq` is greater than the cursor and than the `from` of its path.
 */
export class Connection implements StreamControl {
  readonly id = ++connections;
  readonly viewer: Viewer;
  readonly froms: Map<string, number>;
  /** When credentials or rights end, in milliseconds since 1970. */
  expiresAt: number;
  readonly #oldAt: number;
  readonly #feed: Feed;
  readonly #sink: Sink;
  readonly #heartbeat: number;
  readonly #readable: ReadonlyMap<string, number>;
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
  #closed = false;
  /** What is left of the current values that come first, or null. */
  #current: { readonly paths: readonly string[]; readonly after: Cursor | null } | null;
  /** By path: the end of a hole that the reader knows of. Made when there is one. */
  #told: Map<string, number> | null = null;
  /** When the last frame with an id was written, in milliseconds since 1970. */
  #lastId: number;
  #cancelRetry: (() => void) | null = null;

  constructor(feed: Feed, sink: Sink, beginning: Beginning) {
    this.#feed = feed;
    this.#sink = sink;
    this.viewer = beginning.viewer;
    this.froms = beginning.froms;
    this.expiresAt = beginning.expiresAt;
    this.#oldAt = beginning.oldAt;
    this.#readable = beginning.readable;
    this.#epoch = beginning.epoch;
    this.#heartbeat = beginning.heartbeat;
    this.#cursor = beginning.cursor;
    this.#confirmed = beginning.confirmed || feed.ring.covers(beginning.cursor);
    this.#current = beginning.fresh.length > 0 ? { paths: beginning.fresh, after: null } : null;
    this.#lastId = feed.clock.now();
    const hello = { protocol: PROTOCOL_VERSION, heartbeat: beginning.heartbeat, contract: beginning.fingerprint };
    this.#write(toBytes(formatRetry(beginning.retry) + formatControl("hello", hello, this.#id())));
    for (const reason of ["forbidden", "unknown"] as const) {
      const channels = [...beginning.refused.keys()].filter((path) => beginning.refused.get(path) === reason);
      if (channels.length > 0) this.#write(toBytes(formatControl("bye", { reason, channels })));
    }
    this.#writeGap(beginning.holes);
  }

  get cursor(): Cursor {
    return this.#idle ? this.#feed.ring.head : this.#cursor;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Takes part in the hub's turn: the ring, whose head was `before` until now, has moved. */
  wake(before: Cursor): void {
    this.#exhausted = false;
    if (!this.#idle) return;
    this.#idle = false;
    this.#cursor = before;
  }

  pump(): void {
    const { ring, clock } = this.#feed;
    while (!this.#blocked && !this.#reading && !this.#closed && !this.#idle) {
      if (this.#current !== null) return void this.#read(() => this.#readCurrent());
      if (!ring.covers(this.#cursor)) {
        if (this.#isAhead()) return this.#feed.awaitRing(this);
        return void this.#read(() => this.#readLog());
      }
      const slice = ring.slice(this, clock.now());
      if (slice === null) {
        this.#idle = true;
        return;
      }
      this.#cursor = { epoch: this.#cursor.epoch, seq: slice.next };
      if (slice.moves) this.#lastId = clock.now();
      this.#write(slice.bytes);
      if (this.#feed.trace.debugging) this.#traceWrite(slice.taken.map(({ entry }) => entry));
    }
  }

  drained(): void {
    this.#blocked = false;
    this.pump();
  }

  /** The reader is gone, or we have ended the stream. */
  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRetry?.();
    this.#feed.onClosed(this);
  }

  /** Why the stream has to end now, if it has to. */
  dueAt(now: number): ByeReason | null {
    if (now >= this.expiresAt) return "expired";
    return now >= this.#oldAt ? "max-age" : null;
  }

  /** Writes a heartbeat when nothing with an id was written for the interval. `shared` is the frame of an idle connection. */
  beat(now: number, shared: Uint8Array): void {
    // A distance: a clock that was set back does not silence the stream.
    if (Math.abs(now - this.#lastId) < this.#heartbeat || this.#blocked || this.#closed) return;
    this.#lastId = now;
    this.#write(this.#idle ? shared : this.#ownHeartbeat());
  }

  /** Ends some of the paths; the stream ends with the last one. */
  refuse(paths: readonly string[], reason: ByeReason): void {
    if (this.#closed) return;
    const ended = paths.filter((path) => this.froms.delete(path));
    if (ended.length === 0) return;
    this.#feed.onRefused(this, ended);
    if (this.froms.size === 0) this.end(reason);
    else this.#write(toBytes(formatControl("bye", { reason, channels: ended })));
  }

  /** Says `bye` and ends the stream. @param retry the milliseconds after which the client should come back */
  end(reason: ByeReason, retry: number | null = null): void {
    if (this.#closed) return;
    const text = (retry === null ? "" : formatRetry(retry)) + formatControl("bye", { reason });
    this.#write(toBytes(text));
    this.#finish();
  }

  #finish(): void {
    this.closed();
    this.#feed.trace.guard("sink", () => this.#sink.end());
  }

  /**
   * Whether the ring will have what comes next. It is in another epoch when the reader, not the tailer, was first to read
   * the log after a failover.
   */
  #isAhead(): boolean {
    const { ring } = this.#feed;
    if (this.#cursor.epoch === ring.head.epoch) return this.#confirmed && ring.isBehind(this.#cursor);
    return this.#exhausted;
  }

  async #read(step: () => Promise<void>): Promise<void> {
    const { clock, trace } = this.#feed;
    this.#reading = true;
    try {
      await step();
    } catch (error) {
      if (this.#closed) return;
      trace.add({ level: "error", event: "read-failed", connection: this.id, error });
      this.#cancelRetry = clock.setTimeout(() => {
        this.#reading = false;
        this.pump();
      }, READ_RETRY);
      return;
    }
    this.#reading = false;
    this.pump();
  }

  /** A page of the log, or null when the connection was closed meanwhile. */
  async #page(read: (signal: AbortSignal) => Promise<Page>): Promise<Page | null> {
    // Whoever has left before its turn costs no read.
    const page = await this.#feed.reads(async (signal) => (this.#closed ? null : read(signal)));
    return this.#closed ? null : page;
  }

  async #readCurrent(): Promise<void> {
    const { log, limit } = this.#feed;
    if (this.#current === null) return;
    const { paths, after } = this.#current;
    const page = await this.#page(() => log.current(paths, after, limit));
    if (page === null) return;
    // The place where the last page ended is none any more: a failover. From the beginning, then; values may repeat.
    if (page.holes.length > 0) {
      this.#current = { paths, after: null };
      return;
    }
    // A path may have been refused meanwhile.
    const values = page.entries.filter(
      ({ channel, seq }) => this.froms.has(channel) && seq > (this.#readable.get(channel) ?? 0),
    );
    if (values.length > 0) this.#write(concat(values.map(currentFrameOf)));
    this.#current = page.more ? { paths, after: page.next } : null;
    // Now that the values are out, the reader may take the position that was read before them.
    if (this.#current === null) this.#write(this.#ownHeartbeat());
  }

  async #readLog(): Promise<void> {
    const { log, ring, clock, limit, trace } = this.#feed;
    const asked = this.#cursor;
    const head = ring.head;
    const page = await this.#page((signal) => log.read(asked, [...this.froms.keys()], limit, signal));
    if (page === null) return;
    const invalid = page.holes.find(({ reason }) => reason !== "trimmed");
    if (invalid !== undefined) {
      const { reason, to } = invalid;
      this.#writeGap(
        Array.from(this.froms.keys(), (channel) => ({ channel, reason, to })),
        page.next,
      );
      return this.#finish();
    }
    // What `from` was in an epoch that has ended may be after its end: the client starts that channel anew.
    if (page.next.epoch !== this.#epoch && asked.epoch === this.#epoch && this.#startsAfter(asked))
      return this.end("max-age");
    this.#writeGap(this.#news(page.holes, asked));
    const owed = page.entries.filter(({ channel, seq }) => isOwed(this.froms, asked, channel, seq));
    this.#cursor = page.next;
    this.#exhausted = !page.more && ring.head === head;
    const moves = owed.some(({ mode }) => mode !== "volatile");
    if (moves) this.#lastId = clock.now();
    if (owed.length > 0) this.#write(concat(owed.map(frameOf)));
    if (trace.debugging) this.#traceWrite(owed);
    if (this.#confirmed) return;
    // The hello had no id, since the log had not confirmed the position yet.
    this.#confirmed = true;
    if (!moves) this.#write(this.#ownHeartbeat());
  }

  #startsAfter({ seq }: Cursor): boolean {
    return [...this.froms.values()].some((from) => from > seq);
  }

  /** The holes that concern the reader and that it has not been told; the next page may begin before their end. */
  #news(holes: readonly Hole[], asked: Cursor): readonly Hole[] {
    if (holes.length === 0) return holes;
    const told = (this.#told ??= new Map());
    const news = holes.filter(
      ({ channel, to }) => isOwed(this.froms, asked, channel, to) && to > (told.get(channel) ?? 0),
    );
    for (const { channel, to } of news) told.set(channel, to);
    return news;
  }

  /** @param head the position to go on from when the reader's own means nothing any more */
  #writeGap(holes: readonly Hole[], head: Cursor | null = null): void {
    if (holes.length === 0) return;
    const channels: Record<string, GapReason> = Object.create(null);
    for (const { channel, reason } of holes) channels[channel] = reason;
    this.#write(toBytes(formatControl("gap", { channels }, head === null ? null : formatCursor(head))));
    this.#feed.trace.add({
      level: "debug",
      event: "gap",
      connection: this.id,
      detail: Object.keys(channels).join(" "),
    });
  }

  /** The position as an id; null while it must not be the reader's: values come first, or the log has not confirmed it. */
  #id(): string | null {
    return this.#current === null && this.#confirmed ? formatCursor(this.#cursor) : null;
  }

  #ownHeartbeat(): Uint8Array {
    return toBytes(formatControl("heartbeat", {}, this.#id()));
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      if (!this.#sink.write(bytes)) this.#blocked = true;
    } catch (error) {
      // The others must not suffer for a sink that breaks its word.
      this.#feed.trace.add({ level: "error", event: "hook-failed", connection: this.id, detail: "sink", error });
      this.closed();
    }
  }

  #traceWrite(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const { channel, type } = entry;
      this.#feed.trace.add({
        level: "debug",
        event: "write",
        connection: this.id,
        channel,
        type,
        id: formatCursor(entry),
      });
    }
  }
}

/** Whether a reader at `cursor`, who follows the channel from `froms`, is owed what stands at `seq`. */
export function isOwed(froms: ReadonlyMap<string, number>, cursor: Cursor, channel: string, seq: number): boolean {
  return seq > Math.max(cursor.seq, froms.get(channel) ?? Infinity);
}

/** The heartbeat of a position. */
export function heartbeatFrame(cursor: Cursor): Uint8Array {
  return toBytes(formatControl("heartbeat", {}, formatCursor(cursor)));
}
