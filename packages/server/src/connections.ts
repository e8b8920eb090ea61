import type { Entry } from "@tidings/log";
import type { ByeReason, Cursor } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import { heartbeatFrame, type Connection } from "./connection.ts";
import type { Limits } from "./limits.ts";
import type { Ring } from "./ring.ts";

/** Whoever wants to know that entries of some paths are in the ring. */
export interface Sleeper {
  /** Entries are there, or the ring was emptied; its head was `before` until now. */
  wake(before: Cursor): void;
  /** Its turn has come. */
  pump(): void;
}

/** The open connections of a process: who follows which path, whose turn it is, who is due a heartbeat. */
export class Connections {
  readonly #ring: Ring;
  readonly #clock: Clock;
  readonly #limits: Pick<Limits, "connections" | "connectionsPerViewer">;
  /** Milliseconds between two looks at heartbeats and deadlines. */
  readonly #tickTime: number;
  readonly #all = new Set<Connection>();
  readonly #byPath = new Map<string, Set<Sleeper>>();
  readonly #perViewer = new Map<string, number>();
  #entered = 0;
  /** Whose turn comes at the end of this turn of the event loop. */
  #woken = new Set<Sleeper>();
  /** Who stands after the ring's head. */
  #ahead = new Set<Connection>();
  #deferred = false;
  #cancelTick: (() => void) | null = null;

  constructor(
    ring: Ring,
    clock: Clock,
    heartbeat: number,
    limits: Pick<Limits, "connections" | "connectionsPerViewer">,
  ) {
    this.#ring = ring;
    this.#clock = clock;
    this.#limits = limits;
    this.#tickTime = Math.min(1_000, heartbeat / 4);
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

  /** Whose limit one more of this viewer would break. */
  fullFor(viewer: string): "hub" | "viewer" | null {
    if (this.#entered >= this.#limits.connections) return "hub";
    return (this.#perViewer.get(viewer) ?? 0) >= this.#limits.connectionsPerViewer ? "viewer" : null;
  }

  /** Counts a stream, or a page that waits, until {@link leave}. */
  enter(viewer: string): void {
    this.#entered++;
    this.#perViewer.set(viewer, (this.#perViewer.get(viewer) ?? 0) + 1);
  }

  leave(viewer: string): void {
    this.#entered--;
    const left = (this.#perViewer.get(viewer) ?? 1) - 1;
    if (left > 0) this.#perViewer.set(viewer, left);
    else this.#perViewer.delete(viewer);
  }

  add(connection: Connection): void {
    this.#all.add(connection);
    this.enter(connection.viewer.id);
    this.follow(connection, connection.froms.keys());
    this.#cancelTick ??= this.#clock.setTimeout(() => this.#tick(), this.#tickTime);
  }

  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    this.leave(connection.viewer.id);
    this.unfollow(connection, connection.froms.keys());
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
    for (const path of new Set(entries.map(({ channel }) => channel))) {
      const followers = this.#byPath.get(path);
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

  /** Gives everybody a turn who waits for entries. */
  wakeAll(): void {
    for (const followers of this.#byPath.values())
      for (const sleeper of followers) this.#wake(sleeper, this.#ring.head);
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
      const due = connection.dueAt(now);
      if (due === null) connection.beat(now, shared);
      else connection.end(due);
    }
    this.#cancelTick = this.#all.size === 0 ? null : this.#clock.setTimeout(() => this.#tick(), this.#tickTime);
  }
}
