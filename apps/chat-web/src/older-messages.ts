import type { Message } from "@tidings-apps/chat-contract";
import type { Timeline } from "./timeline.ts";

/** Messages that one look into the past brings. */
const PAGE = 50;
/** The most that one request may ask for. */
const MOST = 500;

/** A batch of a room's history, oldest first. */
export interface HistoryPage {
  readonly events: readonly { readonly id: string | null; readonly data: Message }[];
  readonly more: boolean;
}

/** Brings older messages into a timeline, a page at a time. */
export class OlderMessages {
  readonly #timeline: Timeline;
  readonly #read: (options: { last: number; before?: string }) => Promise<HistoryPage>;
  #state: "some" | "loading" | "none" | "failed" = "some";
  /** The event before which the next page ends. A message of a state has no event: the first page reaches back over the state. */
  #before: string | undefined;
  #run = 0;

  constructor(timeline: Timeline, read: (options: { last: number; before?: string }) => Promise<HistoryPage>) {
    this.#timeline = timeline;
    this.#read = read;
  }

  /** `beginning`: the room has nothing older; `none`: it had, and the server keeps it no longer. */
  get state(): "beginning" | "some" | "loading" | "none" | "failed" {
    return this.#timeline.oldest === 1 || this.#timeline.newest === 0 ? "beginning" : this.#state;
  }

  /** The timeline has begun anew, or let its oldest messages go. */
  reset(): void {
    this.#run++;
    this.#state = "some";
    this.#before = undefined;
  }

  /** Does nothing while a page is under way and where there is nothing older. Never rejects: a failure is a state. */
  async load(): Promise<void> {
    if (this.state !== "some" && this.state !== "failed") return;
    const run = ++this.#run;
    const { oldest } = this.#timeline;
    this.#state = "loading";
    try {
      let more = true;
      while (more && this.#timeline.oldest === oldest) {
        const last = this.#before === undefined ? Math.min(MOST, this.#timeline.messages.length + PAGE) : PAGE;
        const page = await this.#read({ last, ...(this.#before === undefined ? {} : { before: this.#before }) });
        if (run !== this.#run) return;
        this.#timeline.add(page.events.map(({ data }) => data));
        this.#before = page.events[0]?.id ?? this.#before;
        more = page.more && page.events.length > 0;
      }
      this.#state = more ? "some" : "none";
    } catch {
      if (run === this.#run) this.#state = "failed";
    }
  }
}
