import type { Clock } from "@tidings/protocol/clock";
import type { TurnQueue } from "../runtime/turn-queue.ts";
import { bytesOf, createHeldParts, type Part } from "./held-parts.ts";
import { createWaitingPages } from "./waiting-pages.ts";

/** How many bytes of answers may wait for their readers in one hub. */
const MOST_BYTES = 32 * 1024 * 1024;
/** What any answer counts as at least: a server of Node keeps as much of each request. */
const LEAST_BYTES = 16 * 1024;
/** What a page counts as while it is made and its size is not known, beside what it holds. */
const EXPECTED_BYTES = 1024 * 1024;
/** How many bytes pages may hold together while they have no room among the answers. */
const MOST_HELD_BYTES = 16 * 1024 * 1024;
/** How long a reader may take nothing, in milliseconds, while others wait for its room. Making a page has as long. */
const STALL_TIME_WHEN_WANTED = 1_000;
/** How long a reader may take nothing in any case, in milliseconds. */
const STALL_TIME = 30_000;

/** Why the making of any page ends. An error for each page would hold what its stack refers to. */
const OVER = new Error("Expected a page that somebody can get, got one without a reader or without room.");

/** What an adapter says about an answer that it writes. */
export interface UnreadAnswer {
  /** The reader can take the answer from now on. @param giveUp ends the answer of a reader that takes nothing */
  begin(giveUp: () => void): void;
  /** So many bytes of the body are left: it is made, or the reader has taken a part of it. */
  noteProgress(bytesLeft: number): void;
}

/** The room of one answer. */
export interface AnswerRoom extends UnreadAnswer {
  /** Aborted when the reader is gone, and when the page has to let go what it holds: see {@link AnswerRoom.hold}. */
  readonly gone: AbortSignal;
  /**
   * Gives the room back while something runs that may take long, and waits for room again after it. What the page holds
   * by then needs room, too. Rejects when {@link AnswerRoom.gone} is aborted.
   */
  aside<Result>(run: () => Promise<Result>): Promise<Result>;
  /**
   * The page keeps a part while it is aside. Pages without room hold 16 MB together at most: of more, one of those that
   * hold most is refused.
   */
  hold(part: Part): void;
  /** The reader has the answer, or is gone. Does nothing the second time. */
  leave(): void;
}

/** For whom an answer is. */
interface AnswerReader {
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** What shares a bound of its own, for example a session of HTTP/2. */
  readonly session?: object | undefined;
}

/** The answers of a hub that their readers have not taken. Together they have a bounded size. */
export interface UnreadAnswers {
  /**
   * Waits until there is room to make one more page, or its reader is gone. While others wait for their room, readers
   * that have taken nothing for a second are given up, and a page that is made for longer than a second does not count
   * until it is written.
   */
  enter(reader: AnswerReader): Promise<AnswerRoom>;
  /** Room for an answer that is made and small. It does not wait. */
  add(reader: AnswerReader, bytes: number): AnswerRoom;
}

/** @param turns where answers wait for their turn to be given up: very many may be over at the same moment */
export function createUnreadAnswers(
  clock: Pick<Clock, "monotonic" | "setTimeout">,
  turns: Pick<TurnQueue, "add">,
): UnreadAnswers {
  const counted = new Set<Room>();
  const waiting = createWaitingPages<Room>({
    hasRoom: ({ parts }) => !isFull(EXPECTED_BYTES + bytesOf(parts)),
    enter: (room) => count(room, EXPECTED_BYTES + bytesOf(room.parts)),
  });
  const held = createHeldParts<Room>();
  let bytes = 0;
  let stopWatching: (() => void) | null = null;

  function isFull(size: number): boolean {
    return counted.size > 0 && bytes + size > MOST_BYTES;
  }

  function count(room: Room, size: number): void {
    if (counted.has(room)) bytes -= room.bytes;
    counted.add(room);
    waiting.noteUnderWay(room);
    held.remove(room);
    bytes += room.bytes = size;
    room.since = clock.monotonic();
    watch();
  }

  function uncount(room: Room): void {
    if (!counted.delete(room)) return;
    bytes -= room.bytes;
    waiting.noteOver(room);
    waiting.letIn();
    if (counted.size > 0) return;
    stopWatching?.();
    stopWatching = null;
  }

  /** The page counts no longer as an answer. What it holds is then bounded with what others hold. */
  function setAside(room: Room): void {
    uncount(room);
    held.add(room);
    while (held.bytes() > MOST_HELD_BYTES) {
      const largest = held.largest();
      if (largest === null) return;
      held.remove(largest);
      largest.refuse();
    }
  }

  /** Looks at the readers once a second, for as long as there are answers. */
  function watch(): void {
    if (stopWatching !== null || counted.size === 0) return;
    stopWatching = clock.setTimeout(
      () => {
        stopWatching = null;
        giveUpStalled();
        watch();
      },
      STALL_TIME_WHEN_WANTED,
      true,
    );
  }

  /** All of them at once: the next newcomers must not wait for another look. */
  function giveUpStalled(): void {
    const now = clock.monotonic();
    for (const room of [...counted].filter((each) => now - each.since >= patienceFor(each))) {
      if (room.giveUp === null) {
        setAside(room);
      } else {
        room.leave();
        turns.add(room.giveUp);
      }
    }
  }

  function patienceFor(room: Room): number {
    // Refusals do not wait for room, so together they may take too much.
    if (waiting.isWanted(room) || bytes > MOST_BYTES) return STALL_TIME_WHEN_WANTED;
    return room.giveUp === null ? Infinity : STALL_TIME;
  }

  class Room implements AnswerRoom {
    readonly gone: AbortSignal;
    readonly session: object | undefined;
    bytes = 0;
    /** What the page holds before its reader can take it. */
    parts: readonly Part[] = [];
    /** When the reader last took something, or the making last got room, on the clock that never goes back. */
    since = 0;
    /** Null until the answer is written. */
    giveUp: (() => void) | null = null;
    // Not `AbortSignal.any`: Node keeps such a signal, and all that its listeners hold, until it is aborted.
    readonly #gone = new AbortController();
    readonly #reader: AbortSignal;
    #isOver = false;

    constructor({ signal, session }: AnswerReader) {
      this.session = session;
      this.gone = this.#gone.signal;
      this.#reader = signal;
      if (signal.aborted) this.#endWork();
      else signal.addEventListener("abort", this.#endWork);
    }

    readonly #endWork = (): void => this.#gone.abort(OVER);

    async aside<Result>(run: () => Promise<Result>): Promise<Result> {
      this.parts = [];
      uncount(this);
      const result = await run();
      if (!this.#isOver) await waiting.wait(this);
      // It may have left while it waited.
      if (this.#isOver) uncount(this);
      // Otherwise the result would stay in memory for whatever comes next.
      this.gone.throwIfAborted();
      return result;
    }

    hold(part: Part): void {
      if (this.gone.aborted || this.#isOver) return;
      held.remove(this);
      this.parts = [...this.parts, part];
      setAside(this);
    }

    /** The page has to let go what it holds, since there is no room for it. */
    refuse(): void {
      this.#endWork();
    }

    begin(giveUp: () => void): void {
      this.giveUp = giveUp;
      this.noteProgress(this.bytes);
    }

    noteProgress(bytesLeft: number): void {
      if (this.#isOver) return;
      this.parts = [{ bytes: bytesLeft }];
      count(this, Math.max(bytesLeft, LEAST_BYTES));
      waiting.letIn();
    }

    leave(): void {
      this.#isOver = true;
      this.#reader.removeEventListener("abort", this.#endWork);
      uncount(this);
      held.remove(this);
      this.parts = [];
    }
  }

  return {
    async enter(reader) {
      const room = new Room(reader);
      await waiting.wait(room);
      return room;
    },

    add(reader, size) {
      const room = new Room(reader);
      room.noteProgress(size);
      return room;
    },
  };
}
