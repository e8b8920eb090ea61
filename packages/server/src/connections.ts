import type { Entry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { sleep } from "./clock.ts";
import type { Connection } from "./connection.ts";
import type { Base } from "./context.ts";
import { controlFrame } from "./frame.ts";

/** Whoever wants to know that entries of some paths are in the ring. */
export interface Sleeper {
  /** Entries are there, or the ring was emptied; its head was `before` until now. */
  wake(before: Cursor): void;
  /** Its turn has come. */
  pump(): void;
}

/** The open connections of a process: who follows which path, whose turn it is, who is due a heartbeat. */
export class Connections {
  readonly #context: Base;
  /** Whoever ends connections walks over a copy. */
  readonly open = new Set<Connection>();
  readonly #byPath = new Map<string, Set<Sleeper>>();
  readonly #perViewer = new Map<string, number>();
  #entered = 0;
  /** Whose turn comes at the end of this turn of the event loop. */
  readonly #woken = new Set<Sleeper>();
  /** Who stands after the ring's head, and gets a turn when the ring has moved. */
  readonly ahead = new Set<Connection>();

  constructor(context: Base) {
    this.#context = context;
  }

  /** Paths that somebody follows. */
  get paths(): number {
    return this.#byPath.size;
  }

  /** Whose limit one more of this viewer would break. */
  fullFor(viewer: string): "hub" | "viewer" | null {
    const { connections, connectionsPerViewer } = this.#context.limits;
    if (this.#entered >= connections) return "hub";
    return (this.#perViewer.get(viewer) ?? 0) >= connectionsPerViewer ? "viewer" : null;
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
    const { trace, options } = this.#context;
    const { id, viewer } = connection;
    this.open.add(connection);
    this.enter(viewer.id);
    this.follow(connection, connection.froms.keys());
    trace.add("debug", "connect", { connection: id, viewer: viewer.id });
    void trace.guard("onConnect", () => options.onConnect?.(connection.info));
  }

  remove(connection: Connection): void {
    const { trace, options } = this.#context;
    const { id, viewer } = connection;
    if (!this.open.delete(connection)) return;
    this.leave(viewer.id);
    this.unfollow(connection, connection.froms.keys());
    this.ahead.delete(connection);
    trace.add("debug", "disconnect", { connection: id, viewer: viewer.id });
    void trace.guard("onDisconnect", () => options.onDisconnect?.(connection.info));
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
    for (const path of new Set(entries.map(({ channel }) => channel))) this.#wake(before, this.#byPath.get(path));
    this.#wake(before, this.ahead);
    this.ahead.clear();
  }

  /** Everybody gets a turn: the ring starts anew and they read the log from where they stand, or the hub closes. */
  wakeAll(before: Cursor): void {
    for (const followers of this.#byPath.values()) this.#wake(before, followers);
    this.ahead.clear();
  }

  #wake(before: Cursor, sleepers: Iterable<Sleeper> = []): void {
    for (const sleeper of sleepers) {
      // One write per connection and turn, however many events came in it.
      if (this.#woken.size === 0) this.#context.clock.defer(() => this.#flush());
      sleeper.wake(before);
      this.#woken.add(sleeper);
    }
  }

  #flush(): void {
    const woken = [...this.#woken];
    this.#woken.clear();
    for (const sleeper of woken) sleeper.pump();
    this.#context.ring.endTurn();
  }

  /** Looks at heartbeats and deadlines when it is time, until the hub closes. */
  async keepTime(): Promise<void> {
    const { clock, heartbeat, ring, closing } = this.#context;
    while (await sleep(clock, Math.min(1_000, heartbeat / 4), closing.signal)) {
      const now = clock.now();
      const shared = controlFrame("heartbeat", {}, formatCursor(ring.head));
      for (const connection of [...this.open]) connection.tick(now, shared);
    }
  }
}
