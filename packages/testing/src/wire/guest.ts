import assert from "node:assert/strict";
import { Answer, withinTime } from "./answer.ts";
import type { Block } from "./block.ts";
import type { Controls, WireFacts, WireServer } from "./server.ts";
import { transports, type RequestOptions } from "./transport.ts";

interface PageEvent {
  readonly channel: string;
  readonly type: string;
  readonly data?: unknown;
  readonly clear?: string;
  readonly id?: string;
}

/** The members of a page (PROTOCOL.md, section 6). */
export interface Page {
  readonly events: readonly PageEvent[];
  readonly cursor: string;
  readonly more: boolean;
  readonly gap?: unknown;
  readonly refused?: unknown;
  readonly state?: unknown;
}

/** An open stream whose `hello` has been read. */
export interface Stream extends Answer {
  readonly hello: Block;
}

/** The client that checks the laws: it sends requests to a server, and closes what is still open when it leaves. */
export class Guest {
  readonly server: WireServer & Controls;
  readonly #facts: WireFacts;
  readonly #patience: number;
  readonly #open: Answer[] = [];

  constructor(server: WireServer & Controls, facts: WireFacts, patience: number) {
    this.server = server;
    this.#facts = facts;
    this.#patience = patience;
  }

  /** Sends a request, and accepts any answer. */
  ask(query: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = this.#send(query, options);
    // A law that fails no longer waits for its other requests.
    answer.catch(() => {});
    return answer;
  }

  async #send(query: string, options: RequestOptions): Promise<Answer> {
    const headers = { ...this.server.headers, ...options.headers };
    const response = transports[this.#facts.http](`${this.server.url}?${query}`, { ...options, headers });
    const answer = new Answer(await withinTime(this.#patience, () => "an answer", response), this.#patience);
    this.#open.push(answer);
    return answer;
  }

  /** Opens a stream and reads its first block. @throws AssertionError if the answer is not a stream */
  async stream(query: string, options?: RequestOptions): Promise<Stream> {
    const answer = await this.ask(query, options);
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/event-stream"]);
    const [hello] = await answer.take(1);
    assert.equal(hello?.event, "hello");
    return Object.assign(answer, { hello });
  }

  /** Gets a page. @throws AssertionError if the answer is not a page */
  async page(query: string, { headers, ...options }: RequestOptions = {}): Promise<Page> {
    const answer = await this.ask(query, { ...options, headers: { accept: "application/json", ...headers } });
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/json"]);
    // The laws check the members.
    return JSON.parse(await answer.text()) as Page;
  }

  /** Publishes a message for each text. Returns their ids. */
  async say(path: string, ...texts: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const text of texts) ids.push(await this.server.publish(path, "message", { text }));
    return ids;
  }

  /** Closes every answer. */
  leave(): void {
    for (const answer of this.#open) answer.cut();
  }
}

/** The texts of messages. */
export function textsOf(events: readonly { readonly data?: unknown }[]): unknown[] {
  // `say` gives every message a text; data of another form gives undefined.
  return events.map(({ data }) => (data as { readonly text?: unknown } | undefined)?.text);
}

/** The ids of blocks. */
export function idsOf(blocks: readonly Block[]): (string | null)[] {
  return blocks.map(({ id }) => id);
}

/** The event names of blocks. */
export function namesOf(blocks: readonly Block[]): string[] {
  return blocks.map(({ event }) => event);
}

/** The event name, data and id of a block. */
export function partsOf(block: Block | null | undefined): readonly unknown[] {
  return [block?.event, block?.data, block?.id];
}

/** The texts `"<first>"` to `"<last>"`. */
export function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

/** The `seq` of a cursor. */
export function seqOf(cursor: string | null | undefined): number {
  return Number(cursor?.split(".")[1]);
}

/** Expects a position of the same epoch, at or after another one. Other publishers may have moved the head further. */
export function assertReaches(cursor: unknown, earliest: string | undefined): void {
  const [epoch, seq] = String(cursor).split(".");
  const [expectedEpoch, minSeq] = String(earliest).split(".");
  const isReached = epoch === expectedEpoch && Number(seq) >= Number(minSeq);
  assert.ok(isReached, `Expected ${earliest} or later, got ${String(cursor)}.`);
}
