import type { PageBody } from "@tidings/protocol";
import type { AnyAddress } from "./contract.ts";
import { Diary, type DiaryWorld } from "./diary.ts";
import type { Program } from "./program.ts";
import type { Random } from "./random.ts";

interface PlainWorld extends DiaryWorld {
  readonly clock: { readonly time: number; setTimeout(task: () => void, milliseconds: number): () => void };
  readonly random: Random;
  /** From then on it uses streams only. */
  readonly isCalm: boolean;
  onPlain(what: "long poll" | "page loaded again"): void;
}

/** Milliseconds without a byte after which a connection is closed: 2.5 heartbeats. */
const SILENCE = 10_000;
/** How many seconds a long poll waits. */
const WAIT = 3;
/** Milliseconds until it comes back, unless a server has set another `retry`. */
const RETRY = 2_000;

type Data = Readonly<Record<string, unknown>>;

/**
 * A reader that uses PROTOCOL.md and none of our packages: an EventSource as a web page would use it, which changes to
 * long polls and back. It begins at `@now`, comes back with the last id that it has handled, and drops nothing.
 */
export class PlainReader {
  readonly diaries: Diary[];
  readonly #world: PlainWorld;
  readonly #program: Program;
  readonly #leaving = new AbortController();
  #lastId: string | null = null;
  /** Where it begins anew. Then it gets the current values. */
  #start = "now";
  /** Ends the current wait or request. */
  #interrupt = (): void => {};
  #isReloaded = false;
  #retry = RETRY;

  constructor(world: PlainWorld, program: Program, addresses: readonly AnyAddress[]) {
    this.#world = world;
    this.#program = program;
    this.diaries = addresses.map((address) => new Diary(world, program, address, "plain"));
    void this.#follow();
  }

  get viewer(): string {
    return this.#program.viewer;
  }

  leave(): void {
    this.#leaving.abort();
  }

  /** Its page is loaded again, at once. @param remembers whether the page has kept its position */
  reload(remembers: boolean): void {
    if (this.#isOver || this.#lastId === null) return;
    this.#world.onPlain("page loaded again");
    this.#start = remembers ? this.#lastId : "now";
    this.#lastId = null;
    this.#isReloaded = true;
    this.#interrupt();
  }

  /** It may follow an address again, and loads its page again to do so. */
  rejoin({ path }: AnyAddress, remembers: boolean): void {
    const former = this.diaries.find(({ address }) => address.path === path);
    if (this.#isOver || this.#lastId === null || former === undefined || this.#of(path) !== undefined) return;
    this.diaries.push(new Diary(this.#world, this.#program, former.address, "plain"));
    this.reload(remembers);
  }

  get #isOver(): boolean {
    return this.#leaving.signal.aborted || this.diaries.every(({ isClosed }) => isClosed);
  }

  async #follow(): Promise<void> {
    const { random } = this.#world;
    while (!this.#isOver) {
      const isStream = this.#world.isCalm || this.#lastId === null || random() < 0.6;
      // It comes back after every error.
      await (isStream ? this.#stream() : this.#poll()).catch(() => {});
      for (const diary of this.diaries) diary.setLive(false);
      this.#program.changes++;
      if (!this.#isOver && isStream && !this.#isReloaded) await this.#sleep(this.#retry + random() * 500);
      this.#isReloaded = false;
    }
  }

  /** Waits, unless it leaves, or its page is loaded again. */
  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#world.clock.setTimeout(resolve, milliseconds);
      const interrupt = (): void => {
        cancel();
        resolve();
      };
      this.#interrupt = interrupt;
      this.#leaving.signal.addEventListener("abort", this.#interrupt);
    });
  }

  async #request(accept: string, query: string, gone: AbortController): Promise<Response> {
    const headers = { accept, viewer: this.#program.viewer, ...this.#resumption() };
    this.#leaving.signal.addEventListener("abort", () => gone.abort());
    const response = await this.#program.network.fetch(`http://hub/events?${query}`, {
      headers,
      signal: gone.signal,
    });
    const { status } = response;
    if (status === 200) return response;
    await response.text();
    if (status === 403) this.#close(this.diaries.map(({ address }) => address.path));
    else if (accept === "text/event-stream" && status !== 401) {
      this.#world.onViolation(`an EventSource never gets an error status: it got ${status}`);
    }
    throw new Error(`status ${status}`);
  }

  #resumption(): Readonly<Record<string, string>> {
    return this.#lastId === null ? {} : { "last-event-id": this.#lastId };
  }

  #paths(): string[] {
    return this.diaries.filter(({ isClosed }) => !isClosed).map(({ address }) => encodeURIComponent(address.path));
  }

  async #stream(): Promise<void> {
    const gone = new AbortController();
    const interrupt = (): void => gone.abort();
    this.#interrupt = interrupt;
    // It begins anew, without any value.
    if (this.#lastId === null) {
      for (const diary of this.diaries) {
        diary.note(this.#start === "now" ? { kind: "begins", from: null } : { kind: "reloaded" });
      }
    }
    let cancel = this.#world.clock.setTimeout(() => gone.abort(), SILENCE);
    try {
      const query = this.#paths().map((path) => `channel=${path}@${this.#start}`);
      const { body } = await this.#request("text/event-stream", query.join("&"), gone);
      const reader = body?.getReader();
      const decoder = new TextDecoder();
      let text = "";
      for (;;) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined || gone.signal.aborted) return;
        cancel();
        cancel = this.#world.clock.setTimeout(() => gone.abort(), SILENCE);
        const blocks = (text + decoder.decode(chunk.value, { stream: true })).split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
        if (this.#isOver) return;
      }
    } finally {
      cancel();
      gone.abort();
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split("\n").map((line): [string, string] => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }),
    );
    const id = fields.get("id") ?? null;
    const name = fields.get("event") ?? "";
    // The data of control events is JSON.
    const data = JSON.parse(fields.get("data") ?? "{}") as Data;
    this.#retry = Number(fields.get("retry") ?? this.#retry);
    const [path = "", type] = name.split(":");
    if (type !== undefined) this.#event(path, type, data, id);
    else if (name === "clear") this.#clear(String(data["channel"]), String(data["type"]), String(data["key"]), id);
    // A reader whose position is the id of the gap has got that gap before.
    else if (name === "gap" && (id === null || id !== this.#lastId)) this.#gap(data["channels"]);
    else if (name === "bye" && data["reason"] === "forbidden") this.#close(data["channels"]);
    if (id === null) return;
    this.#lastId = id;
    for (const diary of this.diaries) {
      if (!diary.isClosed) diary.setLive(true);
    }
  }

  async #poll(): Promise<void> {
    const gone = new AbortController();
    const interrupt = (): void => gone.abort();
    this.#interrupt = interrupt;
    const cancel = this.#world.clock.setTimeout(() => gone.abort(), SILENCE);
    try {
      const query = [...this.#paths().map((path) => `channel=${path}`), `wait=${WAIT}`].join("&");
      const response = await this.#request("application/json", query, gone);
      // Safe: section 6 of the protocol.
      const { events, gap, refused, cursor } = (await response.json()) as PageBody;
      if (this.#isOver || gone.signal.aborted) return;
      this.#world.onPlain("long poll");
      this.#close(Object.keys(refused ?? {}));
      this.#gap(gap?.channels ?? {});
      for (const event of events) {
        const { channel, type, id = null } = event;
        if ("clear" in event) this.#clear(channel, type, event.clear, id);
        else this.#event(channel, type, event.data as Data, id);
      }
      this.#lastId = cursor;
    } finally {
      cancel();
      gone.abort();
    }
  }

  #of(path: string): Diary | undefined {
    return this.diaries.find(({ address, isClosed }) => address.path === path && !isClosed);
  }

  #event(path: string, type: string, data: Data, id: string | null): void {
    // Safe: every event of the contract has a number, and prices have a symbol.
    this.#of(path)?.noteEvent({ type, id, data: data as { readonly n: number; readonly symbol?: string } });
  }

  #clear(path: string, type: string, key: string, id: string | null): void {
    this.#of(path)?.note({ kind: "cleared", cleared: { channel: path, type, key, id: id ?? "" } });
  }

  #gap(channels: unknown): void {
    // Safe: the protocol lists the reasons.
    const gaps = Object.entries(channels as Readonly<Record<string, "trimmed" | "reset" | "lost">>);
    // The position is void, so the next start is now.
    if (gaps.some(([, reason]) => reason !== "trimmed")) this.#start = "now";
    for (const [channel, reason] of gaps) {
      this.#of(channel)?.note({ kind: "gap", gap: { channel, reason, after: this.#lastId } });
    }
  }

  /** @param paths the refused paths; not an array: all paths */
  #close(paths: unknown): void {
    const all = this.diaries.map(({ address }) => address.path);
    for (const path of Array.isArray(paths) ? (paths as string[]) : all) {
      this.#of(path)?.note({ kind: "closed", reason: "forbidden" });
    }
  }
}
