import type { EventLog, Hole, Limit } from "@tidings/log";
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
import type { Viewer } from "./hub-options.ts";
import type { Ring } from "./ring.ts";
import type { Sink, StreamControl } from "./sink.ts";
import type { Trace } from "./trace.ts";

/** What all connections of a hub have in common. */
export interface Feed {
  readonly log: EventLog;
  readonly ring: Ring;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Of one read for one connection: what a stalled reader may have waiting. */
  readonly limit: Limit;
  /** Runs a read of the log when its turn comes: few at a time. */
  readonly reads: <Result>(read: () => Promise<Result>) => Promise<Result>;
  /** Wakes the connection when the ring has moved on. */
  awaitRing(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** Where a connection starts. */
export interface Beginning {
  readonly viewer: Viewer;
  readonly cursor: Cursor;
  /** Whether the cursor came from the log; else the first read validates it. */
  readonly confirmed: boolean;
  /** By path: only what comes after this `seq` is owed. */
  readonly froms: Map<string, number>;
  /** Paths whose current values come first. */
  readonly fresh: readonly string[];
  /** Holes that are known before the first read: of paths whose own start is no position of the log. */
  readonly holes: readonly Hole[];
  /** Paths that were asked for and are not followed. */
  readonly refused: ReadonlyMap<string, "forbidden" | "unknown">;
  /** When the stream has to end, in milliseconds since 1970, and why. */
  readonly deadline: { readonly at: number; readonly reason: ByeReason };
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
  readonly deadline: Beginning["deadline"];
  readonly #feed: Feed;
  readonly #sink: Sink;
  readonly #heartbeat: number;
  #cursor: Cursor;
  #confirmed: boolean;
  /** Everything up to the ring's head is delivered, so the ring's head is the cursor. */
  #idle = false;
  #blocked = false;
  #reading = false;
  #closed = false;
  /** What is left of the current values that come first, or null. */
  #current: { readonly paths: readonly string[]; readonly after: Cursor | null } | null;
  /** By path: the end of a hole that the reader knows of. Made when there is one. */
  #told: Map<string, number> | null = null;
  /** When the last frame with an id was written, in milliseconds since 1970. */
  #lastId: number;

  constructor(feed: Feed, sink: Sink, beginning: Beginning) {
    this.#feed = feed;
    this.#sink = sink;
    this.viewer = beginning.viewer;
    this.froms = beginning.froms;
    this.deadline = beginning.deadline;
    this.#heartbeat = beginning.heartbeat;
    this.#cursor = beginning.cursor;
    this.#confirmed = beginning.confirmed || feed.ring.covers(beginning.cursor);
    this.#current = beginning.fresh.length > 0 ? { paths: beginning.fresh, after: null } : null;
    this.#lastId = feed.clock.now();
    const hello = { protocol: PROTOCOL_VERSION, heartbeat: beginning.heartbeat, contract: beginning.fingerprint };
    // A position that the log has not confirmed is not given back as one.
    const id = this.#current === null && this.#confirmed ? formatCursor(beginning.cursor) : null;
    this.#write(toBytes(formatRetry(beginning.retry) + formatControl("hello", hello, id)));
    for (const reason of ["forbidden", "unknown"] as const) {
      const channels = [...beginning.refused.keys()].filter((path) => beginning.refused.get(path) === reason);
      if (channels.length > 0) this.#write(toBytes(formatControl("bye", { reason, channels })));
    }
    this.#writeGap(beginning.holes, null);
  }

  get cursor(): Cursor {
    return this.#idle ? this.#feed.ring.head : this.#cursor;
  }

  /** Takes part in the hub's turn: entries of its paths are in the ring, whose head was `before` until now. */
  wake(before: Cursor): void {
    if (!this.#idle) return;
    this.#idle = false;
    this.#cursor = before;
  }

  pump(): void {
    const { ring, clock, trace } = this.#feed;
    while (!this.#blocked && !this.#reading && !this.#closed && !this.#idle) {
      if (this.#current !== null) return void this.#read(() => this.#readCurrent());
      if (!ring.covers(this.#cursor)) {
        if (this.#confirmed && ring.isBehind(this.#cursor)) return this.#feed.awaitRing(this);
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
      if (trace.debugging) trace.add({ level: "debug", event: "write", connection: this.id, id: formatCursor(this.#cursor) });
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
    this.#feed.onClosed(this);
  }

  /** Writes a heartbeat when nothing with an id was written for the interval. `shared` is the frame of an idle connection. */
  beat(now: number, shared: Uint8Array): void {
    if (now - this.#lastId < this.#heartbeat || this.#blocked || this.#current !== null || this.#closed) return;
    this.#lastId = now;
    this.#write(this.#idle ? shared : heartbeatFrame(this.#cursor));
  }

  /** Ends some of the paths; the stream ends with the last one. */
  refuse(paths: readonly string[], reason: ByeReason): void {
    const ended = paths.filter((path) => this.froms.delete(path));
    if (ended.length === 0 || this.#closed) return;
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
    this.#sink.end();
    this.closed();
  }

  async #read(step: () => Promise<void>): Promise<void> {
    const { reads, clock, trace } = this.#feed;
    this.#reading = true;
    try {
      await reads(async () => {
        if (!this.#closed) await step();
      });
      this.#reading = false;
      this.pump();
    } catch (error) {
      trace.add({ level: "error", event: "read-failed", connection: this.id, error });
      clock.setTimeout(() => {
        this.#reading = false;
        this.pump();
      }, READ_RETRY);
    }
  }

  async #readCurrent(): Promise<void> {
    const { log, limit } = this.#feed;
    if (this.#current === null) return;
    const { paths, after } = this.#current;
    const page = await log.current(paths, after, limit);
    if (this.#closed) return;
    if (page.entries.length > 0) this.#write(concat(page.entries.map(currentFrameOf)));
    this.#current = page.more ? { paths, after: page.next } : null;
    // Now that the values are out, the reader may take the position that was read before them.
    if (this.#current === null) this.#write(heartbeatFrame(this.#cursor));
  }

  async #readLog(): Promise<void> {
    const asked = this.#cursor;
    const page = await this.#feed.log.read(asked, [...this.froms.keys()], this.#feed.limit);
    if (this.#closed) return;
    if (page.holes.some(({ reason }) => reason !== "trimmed")) {
      this.#writeGap(page.holes, page.next);
      return this.#finish();
    }
    this.#writeGap(this.#news(page.holes, asked), null);
    const owed = page.entries.filter(({ channel, seq }) => isOwed(this.froms, asked, channel, seq));
    this.#cursor = page.next;
    this.#confirmed = true;
    if (owed.some(({ mode }) => mode !== "volatile")) this.#lastId = this.#feed.clock.now();
    if (owed.length > 0) this.#write(concat(owed.map(frameOf)));
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
  #writeGap(holes: readonly Hole[], head: Cursor | null): void {
    if (holes.length === 0) return;
    const channels: Record<string, GapReason> = Object.create(null);
    for (const { channel, reason } of holes) channels[channel] = reason;
    this.#write(toBytes(formatControl("gap", { channels }, head === null ? null : formatCursor(head))));
    this.#feed.trace.add({ level: "debug", event: "gap", connection: this.id, detail: Object.keys(channels).join(" ") });
  }

  #write(bytes: Uint8Array): void {
    if (!this.#sink.write(bytes)) this.#blocked = true;
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
