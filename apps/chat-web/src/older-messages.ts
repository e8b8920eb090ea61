import type { Message, MessageChange } from "@tidings-apps/chat-contract";
import type { Timeline } from "./timeline.ts";

/** The number of older messages that one load brings. */
const PAGE_SIZE = 50;
/** The most events that the server returns for one request. */
const MAX_PER_REQUEST = 500;

/** A page of a room's history, oldest first. */
export interface HistoryPage {
  readonly messages: readonly Message[];
  /** The changes of these and of older messages. */
  readonly changes: readonly MessageChange[];
  /** The id of the oldest event of the page; undefined if the page is empty. */
  readonly oldestEvent: string | undefined;
  readonly more: boolean;
}

type ReadHistory = (options: { last: number; before?: string }) => Promise<HistoryPage>;

/** Loads older messages into a timeline, one page at a time. */
export class OlderMessages {
  readonly #timeline: Timeline;
  readonly #read: ReadHistory;
  #state: "more" | "loading" | "trimmed" | "failed" = "more";
  /**
   * The id of the event before which the next page ends. A message of a snapshot has no event id, so at first this is
   * undefined, and the first page covers the messages of the snapshot, too.
   */
  #before: string | undefined;
  /** The number of the current load. A load with an older number has been cancelled. */
  #currentLoad = 0;

  constructor(timeline: Timeline, read: ReadHistory) {
    this.#timeline = timeline;
    this.#read = read;
  }

  /**
   * `beginning`: the room has no older messages. `more`: there may be older messages. `trimmed`: the room had older
   * messages, but the server does not keep them any more.
   */
  get state(): "beginning" | "more" | "loading" | "trimmed" | "failed" {
    const hasAll = this.#timeline.oldest === 1 || this.#timeline.newest === 0;
    return hasAll ? "beginning" : this.#state;
  }

  /** Starts again: the timeline was replaced, or its oldest messages were removed. Cancels the current load. */
  reset(): void {
    this.#currentLoad++;
    this.#state = "more";
    this.#before = undefined;
  }

  /**
   * Loads one page. Does nothing during another load, and if there are no older messages. Never rejects: after a
   * failure the state is `failed`.
   */
  async load(): Promise<void> {
    if (this.state !== "more" && this.state !== "failed") return;
    this.#currentLoad++;
    const load = this.#currentLoad;
    const { oldest } = this.#timeline;
    this.#state = "loading";
    try {
      let more = true;
      // A page can consist of changes, and of messages that the timeline already has. Then the next page follows at
      // once.
      while (more && this.#timeline.oldest === oldest) {
        const page = await this.#read(this.#nextRequest());
        if (load !== this.#currentLoad) return;
        this.#timeline.add(page.messages);
        this.#timeline.change(page.changes);
        this.#before = page.oldestEvent ?? this.#before;
        more = page.more && page.oldestEvent !== undefined;
      }
      this.#state = more ? "more" : "trimmed";
    } catch {
      if (load === this.#currentLoad) this.#state = "failed";
    }
  }

  #nextRequest(): { last: number; before?: string } {
    if (this.#before !== undefined) return { last: PAGE_SIZE, before: this.#before };
    return { last: Math.min(MAX_PER_REQUEST, this.#timeline.messages.length + PAGE_SIZE) };
  }
}
