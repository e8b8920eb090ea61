import type { Entry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import { sleep } from "./clock.ts";
import type { Connection } from "./connection.ts";
import type { Base } from "./context.ts";
import { controlFrame } from "./frame.ts";
import { Turn } from "./turn.ts";

/** Whoever wants to know that entries of some paths are in the ring, or that it was emptied; and when its turn has come. */
type Sleeper = Pick<Connection, "wake" | "pump">;

export type Connections = ReturnType<typeof createConnections>;

/** The open connections of a process: who follows which path, whose turn it is, who is due a heartbeat. */
export function createConnections(context: Base) {
  const { limits, options, clock, random, ring, trace, heartbeat, drain, closing } = context;
  /** Whoever ends connections walks over a copy. */
  const open = new Set<Connection>();
  /** Of each path that somebody follows. */
  const followers = new Map<string, Set<Sleeper>>();
  const perViewer = new Map<string, number>();
  let entered = 0;
  /** Whose turn comes at the end of this turn of the event loop, or of the next ones. */
  const woken = new Set<Sleeper>();
  let isDue = false;
  /** What connections take of it. */
  const turn = new Turn(clock);
  /** Who stands after the ring's head, and gets a turn when the ring has moved. */
  const ahead = new Set<Connection>();

  /** Milliseconds over which those who are here would come back without a crowd. */
  const spread = (): number => Math.min(59_000, 2_000 + open.size / 4);

  /**
   * Draws the milliseconds after which each of those who are here should come back from a hub that closes: over the drain window,
   * or so that they are no crowd when the application has named none.
   */
  function drainRetries(): () => number {
    const window = drain === null ? Math.max(4_500, spread()) : drain - 500;
    return () => 500 + random() * window;
  }

  /** Whose limit one more of this viewer would break. */
  function fullFor(viewer: string): "hub" | "viewer" | null {
    if (entered >= limits.connections) return "hub";
    return (perViewer.get(viewer) ?? 0) >= limits.connectionsPerViewer ? "viewer" : null;
  }

  /** Counts a stream, or a page that waits, until {@link leave}. */
  function enter(viewer: string): void {
    entered++;
    perViewer.set(viewer, (perViewer.get(viewer) ?? 0) + 1);
  }

  function leave(viewer: string): void {
    entered--;
    const left = (perViewer.get(viewer) ?? 1) - 1;
    if (left > 0) perViewer.set(viewer, left);
    else perViewer.delete(viewer);
  }

  function add(connection: Connection): void {
    const { id, info, froms } = connection;
    open.add(connection);
    enter(info.viewer.id);
    follow(connection, froms.keys());
    trace.add("debug", "connect", { connection: id, viewer: info.viewer.id });
    void trace.guard("hook-failed", () => options.onConnect?.(info), { detail: "onConnect" });
  }

  function remove(connection: Connection): void {
    const { id, info, froms } = connection;
    if (!open.delete(connection)) return;
    leave(info.viewer.id);
    unfollow(connection, froms.keys());
    ahead.delete(connection);
    trace.add("debug", "disconnect", { connection: id, viewer: info.viewer.id });
    void trace.guard("hook-failed", () => options.onDisconnect?.(info), { detail: "onDisconnect" });
  }

  function follow(sleeper: Sleeper, paths: Iterable<string>): void {
    for (const path of paths) followers.set(path, (followers.get(path) ?? new Set()).add(sleeper));
  }

  function unfollow(sleeper: Sleeper, paths: Iterable<string>): void {
    for (const path of paths) {
      const left = followers.get(path);
      left?.delete(sleeper);
      if (left?.size === 0) followers.delete(path);
    }
  }

  /** New entries are in the ring: whoever follows their paths gets a turn. */
  function onEntries(entries: readonly Entry[], before: Cursor): void {
    for (const path of new Set(entries.map(({ channel }) => channel))) wake(before, followers.get(path));
    wake(before, ahead);
    ahead.clear();
  }

  /** Everybody gets a turn: the ring starts anew and they read the log from where they stand, or the hub closes. */
  function wakeAll(before: Cursor): void {
    for (const sleepers of followers.values()) wake(before, sleepers);
    ahead.clear();
  }

  function wake(before: Cursor, sleepers: Iterable<Sleeper> = []): void {
    for (const sleeper of sleepers) {
      // Whoever stands still costs the others no more than the question.
      if (sleeper.wake(before)) queue(sleeper);
    }
  }

  /** Gives somebody a turn after whoever waits already. One write per connection and turn, however many events came in it. */
  function queue(sleeper: Sleeper): void {
    woken.add(sleeper);
    if (isDue) return;
    isDue = true;
    clock.defer(flush);
  }

  function flush(): void {
    isDue = false;
    for (const sleeper of woken) {
      woken.delete(sleeper);
      sleeper.pump();
      if (turn.isOver) break;
    }
    ring.endTurn();
    // Whoever is left keeps their place.
    for (const sleeper of woken) return queue(sleeper);
  }

  /** Looks at heartbeats and deadlines when it is time, until the hub closes. */
  async function keepTime(): Promise<void> {
    while (await sleep(clock, Math.min(1_000, heartbeat / 4), closing.signal)) {
      const now = clock.now();
      const shared = controlFrame("heartbeat", {}, formatCursor(ring.head));
      for (const connection of [...open]) connection.tick(now, shared);
    }
  }

  return {
    open,
    ahead,
    followers,
    turn,
    queue,
    spread,
    drainRetries,
    fullFor,
    enter,
    leave,
    add,
    remove,
    follow,
    unfollow,
    onEntries,
    wakeAll,
    keepTime,
  };
}
