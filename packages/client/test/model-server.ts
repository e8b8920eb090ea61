import type { PageEvent } from "@tidings/protocol";
import type { FakeRequest, FakeServer, FakeStream } from "./fake-server.ts";

/** One published event. */
export interface ModelEvent {
  readonly seq: number;
  readonly path: string;
  readonly text: string;
  trimmed: boolean;
}

interface Connection {
  readonly stream: FakeStream;
  readonly channels: readonly string[];
  cursor: number;
  /** By path: the end of a hole that it was told of. */
  readonly told: Map<string, number>;
}

/**
 * A log in memory that answers as PROTOCOL.md says: slowly, partly, from lagging copies, or not at all, as a schedule
 * wants.
 */
export class ModelServer {
  epoch = "a0";
  /** Of this epoch. */
  events: ModelEvent[] = [];
  connections: Connection[] = [];
  readonly #waiting: { readonly request: FakeRequest; readonly head: number; readonly epoch: string }[] = [];
  #epochs = 0;

  constructor(server: FakeServer) {
    server.onRequest = (request) => this.#waiting.push({ request, head: this.head, epoch: this.epoch });
  }

  get head(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  publish(path: string): void {
    const seq = this.head + 1;
    this.events.push({ seq, path, text: `${this.epoch}.${seq}`, trimmed: false });
  }

  /** Retention takes all but the newest events of a path. */
  trim(path: string, keep: number): void {
    const own = this.events.filter((event) => event.path === path);
    for (const event of own.slice(0, Math.max(0, own.length - keep))) event.trimmed = true;
  }

  /** The log is replaced by an empty one. */
  reset(): void {
    this.epoch = `a${++this.#epochs}`;
    this.events = [];
    for (const { stream } of this.connections.splice(0)) stream.break();
  }

  /**
   * Answers one request that waits. @param lag 0: with what is there now; else with what was when it was asked, less
   * `lag - 1` events
   */
  answer(index: number, lag: number, limit: number): void {
    const [waiting] = this.#waiting.splice(index, 1);
    if (waiting === undefined || waiting.request.aborted) return;
    if (waiting.request.isStream) this.#open(waiting.request);
    // A copy of another epoch would be of no use to anybody.
    else
      this.#page(
        waiting.request,
        lag > 0 && waiting.epoch === this.epoch ? Math.max(0, waiting.head + 1 - lag) : this.head,
        limit,
      );
  }

  refuse(index: number, status: number | null): void {
    const [waiting] = this.#waiting.splice(index, 1);
    if (status === null) waiting?.request.fail();
    else waiting?.request.answer(status);
  }

  /** Writes the next event of a connection. Returns whether there was something. */
  write(connection: Connection): boolean {
    const { stream, channels, told } = connection;
    const holes = this.#holes(channels, connection.cursor).filter(({ path, to }) => to > (told.get(path) ?? 0));
    for (const { path, to } of holes) told.set(path, to);
    if (holes.length > 0) stream.gap(Object.fromEntries(holes.map(({ path }) => [path, "trimmed"])));
    const next = this.events.find(
      (event) => event.seq > connection.cursor && !event.trimmed && channels.includes(event.path),
    );
    if (next === undefined) {
      const moved = connection.cursor < this.head;
      connection.cursor = this.head;
      if (moved) stream.heartbeat(`${this.epoch}.${this.head}`);
      return moved || holes.length > 0;
    }
    connection.cursor = next.seq;
    stream.event(`${next.path}:${typeOf(next.path)}`, dataOf(next), `${this.epoch}.${next.seq}`);
    return true;
  }

  cut(connection: Connection): void {
    this.connections = this.connections.filter((each) => each !== connection);
    connection.stream.push('event: users/ada/inbox:mention\ndata: {"by"');
    connection.stream.break();
  }

  #open(request: FakeRequest): void {
    const { channels, after } = request;
    for (const other of this.connections.splice(0)) other.stream.break();
    const position = after === null ? this.head : this.#seqOf(after);
    if (position === null) {
      const stream = request.live(null);
      stream.gap(Object.fromEntries(channels.map((path) => [path, "reset"])), `${this.epoch}.${this.head}`);
      stream.end();
      return;
    }
    // As the hub does it: a position that the log has not confirmed is not given back.
    const stream = request.live(position === this.head ? `${this.epoch}.${position}` : null);
    this.connections.push({ stream, channels, cursor: position, told: new Map() });
  }

  #page(request: FakeRequest, head: number, limit: number): void {
    const paths = request.channels.map((channel) => channel.split("@")[0] ?? "");
    const cursor = (seq: number) => `${this.epoch}.${seq}`;
    if (request.url.searchParams.has("snapshot")) {
      const state = Object.fromEntries(
        paths.map((path) => [
          path,
          { messages: this.events.filter((event) => event.path === path && event.seq <= head).map(({ text }) => text) },
        ]),
      );
      return request.page({ cursor: cursor(head), state });
    }
    if (request.after === null) return request.page({ cursor: cursor(head) });
    const after = this.#seqOf(request.after);
    if (after === null) {
      return request.page({
        cursor: cursor(head),
        gap: { channels: Object.fromEntries(paths.map((path) => [path, "reset"])) },
      });
    }
    const read = this.events.filter(({ seq }) => seq > after && seq <= head);
    const page = read.slice(0, limit);
    const next = page.at(-1)?.seq ?? after;
    const holes = this.#holes(paths, after).filter(({ to }) => to <= next);
    const part = this.#holes(paths, after).filter(({ to, from }) => to > next && from <= next);
    const gap = Object.fromEntries([...holes, ...part].map(({ path }) => [path, "trimmed" as const]));
    const events: PageEvent[] = page
      .filter((event) => !event.trimmed && paths.includes(event.path))
      .map((event) => ({ channel: event.path, type: typeOf(event.path), data: dataOf(event), id: cursor(event.seq) }));
    request.page({
      events,
      cursor: cursor(next),
      more: next < head,
      ...(Object.keys(gap).length > 0 ? { gap: { channels: gap } } : {}),
    });
  }

  #holes(
    paths: readonly string[],
    after: number,
  ): { readonly path: string; readonly from: number; readonly to: number }[] {
    return paths.flatMap((path) => {
      const lost = this.events.filter((event) => event.path === path && event.seq > after && event.trimmed);
      const [first] = lost;
      const last = lost.at(-1);
      return first === undefined || last === undefined ? [] : [{ path, from: first.seq, to: last.seq }];
    });
  }

  #seqOf(cursor: string): number | null {
    const [epoch, seq] = cursor.split(".");
    return epoch === this.epoch ? Number(seq) : null;
  }
}

function typeOf(path: string): string {
  return path.startsWith("rooms/") ? "message" : "mention";
}

function dataOf({ path, text }: ModelEvent): unknown {
  return path.startsWith("rooms/") ? { text } : { by: text };
}
