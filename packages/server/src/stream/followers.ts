import type { Entry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { CommandedStream } from "../rights/commands.ts";
import type { Pumpable, WakeQueue } from "./wake-queue.ts";

/** Something that follows paths and is woken when the ring moves: a connection, or a page that is held back. */
export interface Follower extends Pumpable {
  /** The stream that it moves; null for a page or a loop. */
  readonly stream: CommandedStream | null;
  /** Notes that the ring has moved away from `headBefore`. Says whether it can go on now. */
  wake(headBefore: Cursor): boolean;
}

/** Who follows which path, and who waits for the ring. */
export interface Followers {
  /** How many paths are followed. */
  readonly size: number;
  follow(follower: Follower, paths: Iterable<string>): void;
  unfollow(follower: Follower, paths: Iterable<string>): void;
  /** The streams that follow a path. */
  streamsOf(path: string): Iterable<CommandedStream>;
  /** Wakes a follower the next time the ring moves, whatever the paths of the new entries. */
  waitForRing(follower: Follower): void;
  /** Forgets {@link Followers.waitForRing}. */
  stopWaiting(follower: Follower): void;
  /** New entries are in the ring: wakes the followers of their paths. */
  onEntries(entries: readonly Entry[], headBefore: Cursor): void;
  /** Wakes all followers: the ring was emptied, or the hub closes. */
  wakeAll(headBefore: Cursor): void;
}

export function createFollowers({ wakeQueue }: { readonly wakeQueue: Pick<WakeQueue, "add"> }): Followers {
  const byPath = new Map<string, Set<Follower>>();
  const waitingForRing = new Set<Follower>();

  function wake(followers: Iterable<Follower>, headBefore: Cursor): void {
    for (const follower of followers) {
      // A follower that cannot go on is not put into the queue, so it takes no time from the others.
      if (follower.wake(headBefore)) wakeQueue.add(follower);
    }
  }

  return {
    get size() {
      return byPath.size;
    },

    follow(follower, paths) {
      for (const path of paths) {
        const followers = byPath.get(path);
        if (followers === undefined) byPath.set(path, new Set([follower]));
        else followers.add(follower);
      }
    },

    unfollow(follower, paths) {
      for (const path of paths) {
        const followers = byPath.get(path);
        followers?.delete(follower);
        if (followers?.size === 0) byPath.delete(path);
      }
    },

    *streamsOf(path) {
      for (const { stream } of byPath.get(path) ?? []) {
        if (stream !== null) yield stream;
      }
    },

    waitForRing: (follower) => void waitingForRing.add(follower),
    stopWaiting: (follower) => void waitingForRing.delete(follower),

    onEntries(entries, headBefore) {
      for (const path of new Set(entries.map(({ channel }) => channel))) {
        wake(byPath.get(path) ?? [], headBefore);
      }
      wake(waitingForRing, headBefore);
      waitingForRing.clear();
    },

    wakeAll(headBefore) {
      for (const followers of byPath.values()) wake(followers, headBefore);
      waitingForRing.clear();
    },
  };
}
