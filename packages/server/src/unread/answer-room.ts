import type { Part } from "./held-parts.ts";

/** What any answer counts as at least: a server of Node keeps as much of each request. */
const LEAST_BYTES = 16 * 1024;

/** Why the making of any page ends. An error for each page would hold what its stack refers to. */
const OVER = new Error("Expected a page that somebody can get, got one without a reader or without room.");

/** What an adapter says about an answer that it writes. */
export interface UnreadAnswer {
  /** The reader can take the answer from now on. @param giveUp ends the answer of a reader that takes nothing */
  begin(giveUp: () => void): void;
  /** So many bytes of the body are left: it is made, or the reader has taken a part of it. */
  noteProgress(bytesLeft: number): void;
}

/** For whom an answer is. */
export interface AnswerReader {
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
  /** What shares a bound of its own, for example a session of HTTP/2. */
  readonly session?: object | undefined;
}

/** What the rooms of a hub share. */
interface AnswerRoomNeeds {
  /** The room counts with so many bytes from now on. */
  resize(room: AnswerRoom, bytes: number): void;
  /** The room does not count any more. Others may get what it had. */
  uncount(room: AnswerRoom): void;
  /** The room does not count any more as an answer, but what it holds is bounded with what others hold. */
  setAside(room: AnswerRoom): void;
  /** Neither the room nor what it holds counts any more. */
  forget(room: AnswerRoom): void;
  /** Resolves when there is room again, or the room is gone. */
  wait(room: AnswerRoom): Promise<void>;
}

/** The room of one answer. */
export class AnswerRoom implements UnreadAnswer {
  /** Aborted when the reader is gone, and when the page has to let go what it holds: see {@link AnswerRoom.hold}. */
  readonly gone: AbortSignal;
  readonly session: object | undefined;
  bytes = 0;
  /** What the page holds before its reader can take it. */
  parts: readonly Part[] = [];
  /** When the reader last took something, or the making last got room, on the clock that never goes back. */
  since = 0;
  /** Null until the answer is written. */
  giveUp: (() => void) | null = null;
  readonly #needs: AnswerRoomNeeds;
  // Not `AbortSignal.any`: Node keeps such a signal, and all that its listeners hold, until it is aborted.
  readonly #gone = new AbortController();
  readonly #reader: AbortSignal;
  #isOver = false;

  constructor(needs: AnswerRoomNeeds, { signal, session }: AnswerReader) {
    this.#needs = needs;
    this.session = session;
    this.gone = this.#gone.signal;
    this.#reader = signal;
    if (signal.aborted) this.#endWork();
    else signal.addEventListener("abort", this.#endWork);
  }

  readonly #endWork = (): void => this.#gone.abort(OVER);

  /**
   * Gives the room back while something runs that may take long, and waits for room again after it. What the page holds
   * by then needs room, too. Rejects when {@link AnswerRoom.gone} is aborted.
   */
  async aside<Result>(run: () => Promise<Result>): Promise<Result> {
    this.parts = [];
    this.#needs.uncount(this);
    const result = await run();
    if (!this.#isOver) await this.#needs.wait(this);
    // It may have left while it waited.
    if (this.#isOver) this.#needs.uncount(this);
    // Otherwise the result would stay in memory for whatever comes next.
    this.gone.throwIfAborted();
    return result;
  }

  /**
   * The page keeps a part while it is aside. Pages without room hold 16 MB together at most: of more, one of those that
   * hold most is refused.
   */
  hold(part: Part): void {
    if (this.gone.aborted || this.#isOver) return;
    this.parts = [...this.parts, part];
    this.#needs.setAside(this);
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
    this.#needs.resize(this, Math.max(bytesLeft, LEAST_BYTES));
  }

  /** The reader has the answer, or is gone. Does nothing the second time. */
  leave(): void {
    this.#isOver = true;
    this.#reader.removeEventListener("abort", this.#endWork);
    this.#needs.forget(this);
    this.parts = [];
  }
}
