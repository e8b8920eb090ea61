import type { Clock } from "@tidings/protocol/clock";

/** How many bytes of answers may wait for their readers in one hub. */
const MOST_BYTES = 32 * 1024 * 1024;
/** What a page counts as while it is made and its size is not known. */
const EXPECTED_BYTES = 1024 * 1024;
/** How many pages of one group, for example of one HTTP/2 session, may be under way. */
const MOST_OF_GROUP = 16;
/** How long a reader may take nothing, in milliseconds, while pages wait for room. Making a page has as long. */
const STALL_TIME_WHEN_FULL = 1_000;
/** How long a reader may take nothing in any case, in milliseconds. */
const STALL_TIME = 30_000;

/** What an adapter says about an answer that it writes. */
export interface UnreadAnswer {
  /** The reader can take the answer from now on. @param giveUp ends the answer of a reader that takes nothing */
  begin(giveUp: () => void): void;
  /** So many bytes of the body are left: it is made, or the reader has taken a part of it. */
  noteProgress(bytesLeft: number): void;
}

/** The room of one answer. */
export interface AnswerRoom extends UnreadAnswer {
  /** Aborted when the reader is gone. */
  readonly gone: AbortSignal;
  /** Gives the room back while something runs that may take long, and waits for room again after it. */
  aside<Result>(run: () => Promise<Result>): Promise<Result>;
  /** The reader has the answer, or is gone. Does nothing the second time. */
  leave(): void;
}

/** For whom an answer is. */
interface AnswerReader {
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** What shares a bound of its own, for example a session of HTTP/2. */
  readonly session?: object;
}

/** The answers of a hub that their readers have not taken. Together they have a bounded size. */
export interface UnreadAnswers {
  /**
   * Waits until there is room to make one more page, or its reader is gone. When there is no room, readers that have
   * taken nothing for a second are given up, and a page that is made for longer than a second does not count until it
   * is written.
   */
  enter(reader: AnswerReader): Promise<AnswerRoom>;
  /** Room for an answer that is made and small. It does not wait. */
  add(reader: AnswerReader, bytes: number): AnswerRoom;
}

interface Waiter {
  readonly session: object | undefined;
  enter(): void;
}

export function createUnreadAnswers(clock: Pick<Clock, "monotonic" | "setTimeout">): UnreadAnswers {
  const counted = new Set<Room>();
  const waiters = new Set<Waiter>();
  const countByGroup = new WeakMap<object, number>();
  let bytes = 0;
  let stopWatching: (() => void) | null = null;

  function isFull(): boolean {
    return counted.size > 0 && bytes + EXPECTED_BYTES > MOST_BYTES;
  }

  function hasRoom(session: object | undefined): boolean {
    return !isFull() && (session === undefined || (countByGroup.get(session) ?? 0) < MOST_OF_GROUP);
  }

  function countGroup({ session }: Room, one: 1 | -1): void {
    if (session !== undefined) countByGroup.set(session, (countByGroup.get(session) ?? 0) + one);
  }

  function count(room: Room, size: number): void {
    if (!counted.has(room)) countGroup(room, 1);
    else bytes -= room.bytes;
    counted.add(room);
    bytes += room.bytes = size;
    room.since = clock.monotonic();
    watch();
  }

  function uncount(room: Room): void {
    if (!counted.delete(room)) return;
    bytes -= room.bytes;
    countGroup(room, -1);
    letWaitersIn();
    if (counted.size > 0) return;
    stopWatching?.();
    stopWatching = null;
  }

  /** The newest first: a crowd of requests whose answers nobody reads must not delay everybody who comes later. */
  function letWaitersIn(): void {
    if (waiters.size === 0 || isFull()) return;
    for (const waiter of [...waiters].toReversed()) {
      if (hasRoom(waiter.session)) waiter.enter();
    }
  }

  /** Looks at the readers once a second, for as long as there are answers. */
  function watch(): void {
    if (stopWatching !== null || counted.size === 0) return;
    stopWatching = clock.setTimeout(
      () => {
        stopWatching = null;
        giveUpStalled(waiters.size > 0);
        watch();
      },
      STALL_TIME_WHEN_FULL,
      true,
    );
  }

  function giveUpStalled(isWanted: boolean): void {
    const now = clock.monotonic();
    for (const room of [...counted]) {
      const time = now - room.since;
      if (room.giveUp === null) {
        if (isWanted && time >= STALL_TIME_WHEN_FULL) uncount(room);
      } else if (time >= (isWanted ? STALL_TIME_WHEN_FULL : STALL_TIME)) {
        room.leave();
        room.giveUp();
      }
    }
  }

  /** Counts the page as soon as there is room, or its reader is gone. */
  function waitForRoom(room: Room): Promise<void> {
    const { gone, session } = room;
    if (gone.aborted) return Promise.resolve();
    if (hasRoom(session)) {
      count(room, EXPECTED_BYTES);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const stopWaiting = (): void => {
        waiters.delete(waiter);
        gone.removeEventListener("abort", stopWaiting);
        resolve();
      };
      const waiter: Waiter = {
        session,
        enter() {
          count(room, EXPECTED_BYTES);
          stopWaiting();
        },
      };
      waiters.add(waiter);
      gone.addEventListener("abort", stopWaiting);
    });
  }

  class Room implements AnswerRoom {
    readonly gone: AbortSignal;
    readonly session: object | undefined;
    bytes = 0;
    /** When the reader last took something, or the making last got room, on the clock that never goes back. */
    since = 0;
    /** Null until the answer is written. */
    giveUp: (() => void) | null = null;
    #isOver = false;

    constructor({ signal, session }: AnswerReader) {
      this.gone = signal;
      this.session = session;
    }

    async aside<Result>(run: () => Promise<Result>): Promise<Result> {
      uncount(this);
      const result = await run();
      if (!this.#isOver) await waitForRoom(this);
      // It may have left while it waited.
      if (this.#isOver) uncount(this);
      return result;
    }

    begin(giveUp: () => void): void {
      this.giveUp = giveUp;
      this.noteProgress(this.bytes);
    }

    noteProgress(bytesLeft: number): void {
      if (this.#isOver) return;
      count(this, bytesLeft);
      letWaitersIn();
    }

    leave(): void {
      this.#isOver = true;
      uncount(this);
    }
  }

  return {
    async enter(reader) {
      const room = new Room(reader);
      await waitForRoom(room);
      return room;
    },

    add(reader, size) {
      const room = new Room(reader);
      room.noteProgress(size);
      return room;
    },
  };
}
