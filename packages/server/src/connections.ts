import type { Entry } from "@tidings/log";
import type { ByeReason, Cursor } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import { heartbeatFrame, type Connection } from "./connection.ts";
import type { Ring } from "./ring.ts";

/** Whoever wants to know that entries of some paths are in the ring. */
export interface Sleeper {
  /** Entries are there; the ring's head was `before` until now. */
  wake(before: Cursor): void;
  /** Its turn has come. */
  pump(): void;
}

/** How often heartbeats and deadlines are looked after, in milliseconds. */
const TICK = 1_000;

/** The open connections of a process: who follows which path, whose turn it is, who is due a heartbeat. */
export class Connections {
  readonly #ring: Ring;
  readonly #clock: Clock;
  readonly #all = new Set<Connection>();
  readonly #byPath = new Map<string, Set<Sleeper>>();
  readonly #perViewer = new Map<string, number>();
  /** Whose turn comes at the end of this turn of the event loop. */
  #woken = new Set<Sleeper>();
  /** Who stands after the ring's head. */
  #ahead = new Set<Connection>();
  #deferred = false;
  #cancelTick: (() => void) | null = null;

  constructor(ring: Ring, clock: Clock) {
    this.#ring = ring;
    this.#clock = clock;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Paths that somebody follows. */
  get paths(): number {
    return this.#byPath.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#all[Symbol.iterator]();
  }

  ofViewer(id: string): number {
    return this.#perViewer.get(id) ?? 0;
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    this.#perViewer.set(connection.viewer.id, this.ofViewer(connection.viewer.id) + 1);
    this.follow(connection, connection.froms.keys());
    this.#cancelTick ??= this.#clock.setTimeout(() => this.#tick(), TICK);
  }

  remove(connection: Connection, paths: Iterable<string>): void {
    if (!this.#all.delete(connection)) return;
    const { id } = connection.viewer;
    const left = this.ofViewer(id) - 1;
    if (left > 0) this.#perViewer.set(id, left);
    else this.#perViewer.delete(id);
    this.unfollow(connection, paths);
    this.#woken.delete(connection);
    this.#ahead.delete(connection);
  }

  follow(sleeper: Sleeper, paths: Iterable<string>): void {
    for (const path of paths) {
      const followers = this.#byPath.get(path);
      if (followers === undefined) this.#byPath.set(path, new Set([sleeper]));
      else followers.add(sleeper);
    }
  }

  unfollow(sleeper: Sleeper, paths: Iterable<string>): void {
    for (const path of paths) {
      const followers = this.#byPath.get(path);
      followers?.delete(sleeper);
      if (followers?.size === 0) this.#byPath.delete(path);
    }
  }

  /** New entries are in the ring: whoever follows their paths gets a turn. */
  onEntries(entries: readonly Entry[], before: Cursor): void {
    for (const { channel } of entries) {
      const followers = this.#byPath.get(channel);
      if (followers !== undefined) for (const sleeper of followers) this.#wake(sleeper, before);
    }
    for (const connection of this.#ahead) this.#wake(connection, before);
    this.#ahead.clear();
  }

  /** The ring starts anew: everybody reads the log from where they stand. */
  onReset(before: Cursor): void {
    for (const followers of this.#byPath.values()) for (const sleeper of followers) this.#wake(sleeper, before);
    this.#ahead.clear();
  }

  /** The connection is ahead of the ring, and gets a turn when the ring has moved. */
  awaitRing(connection: Connection): void {
    this.#ahead.add(connection);
  }

  /** Ends every stream. @param retry milliseconds, asked once per connection */
  endAll(reason: ByeReason, retry: () => number): void {
    for (const connection of [...this.#all]) connection.end(reason, retry());
    this.#cancelTick?.();
    this.#cancelTick = null;
  }

  #wake(sleeper: Sleeper, before: Cursor): void {
    sleeper.wake(before);
    this.#woken.add(sleeper);
    if (this.#deferred) return;
    this.#deferred = true;
    // One write per connection and turn, however many events came in it.
    this.#clock.defer(() => this.#flush());
  }

  #flush(): void {
    this.#deferred = false;
    const woken = this.#woken;
    this.#woken = new Set();
    for (const sleeper of woken) sleeper.pump();
    this.#ring.endTurn();
  }

  #tick(): void {
    const now = this.#clock.now();
    const shared = heartbeatFrame(this.#ring.head);
    for (const connection of [...this.#all]) {
      if (now >= connection.deadline.at) connection.end(connection.deadline.reason);
      else connection.beat(now, shared);
    }
    this.#cancelTick = this.#all.size === 0 ? null : this.#clock.setTimeout(() => this.#tick(), TICK);
  }
}
