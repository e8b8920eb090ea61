import assert from "node:assert/strict";
import { Answer, withinTime } from "./answer.ts";
import type { Block } from "./block.ts";
import type { Controls, WireFacts, WireServer } from "./server.ts";
import { transports, type Question } from "./transport.ts";

interface PageEvent {
  readonly channel: string;
  readonly type: string;
  readonly data?: unknown;
  readonly clear?: string;
  readonly id?: string;
}

/** What a page says (PROTOCOL.md, section 6). */
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

/** Who tries the laws: asks a server, and cuts what is still open when it goes. */
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

  /** Asks for whatever it gets. */
  async ask(query: string, question: Question = {}): Promise<Answer> {
    const headers = { ...this.server.headers, ...question.headers };
    const asking = transports[this.#facts.http](`${this.server.url}?${query}`, { ...question, headers });
    const answer = new Answer(await withinTime(this.#patience, () => "an answer", asking), this.#patience);
    this.#open.push(answer);
    return answer;
  }

  /** Opens a stream and reads its first block. @throws AssertionError when it is not answered with one */
  async stream(query: string, question?: Question): Promise<Stream> {
    const answer = await this.ask(query, question);
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/event-stream"]);
    const [hello] = await answer.take(1);
    assert.equal(hello?.event, "hello");
    return Object.assign(answer, { hello });
  }

  /** @throws AssertionError when it is not answered with a page */
  async page(query: string, { headers, ...question }: Question = {}): Promise<Page> {
    const answer = await this.ask(query, { ...question, headers: { accept: "application/json", ...headers } });
    assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/json"]);
    // The laws check what of it is there.
    return JSON.parse(await answer.text()) as Page;
  }

  /** Publishes a message for each text. */
  async say(path: string, ...texts: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const text of texts) ids.push(await this.server.publish(path, "message", { text }));
    return ids;
  }

  leave(): void {
    for (const answer of this.#open) answer.cut();
  }
}

/** What messages say. */
export function textsOf(events: readonly { readonly data?: unknown }[]): unknown[] {
  // Messages are made by `say`.
  return events.map(({ data }) => (data as { readonly text?: unknown } | undefined)?.text);
}

export function idsOf(blocks: readonly Block[]): (string | null)[] {
  return blocks.map(({ id }) => id);
}

export function namesOf(blocks: readonly Block[]): string[] {
  return blocks.map(({ event }) => event);
}

/** What a block says, `retry` aside. */
export function partsOf(block: Block | null | undefined): readonly unknown[] {
  return [block?.event, block?.data, block?.id];
}

/** The texts `"<first>"` to `"<last>"`. */
export function numbers(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

/** The position of a cursor in its log. */
export function seqOf(cursor: string | null | undefined): number {
  return Number(cursor?.split(".")[1]);
}

/** Expects a position of the same log that is not before another: whoever else publishes moves the newest one. */
export function assertReaches(cursor: unknown, earliest: string | undefined): void {
  const [epoch, ours] = String(cursor).split(".");
  const [other, theirs] = String(earliest).split(".");
  assert.ok(epoch === other && Number(ours) >= Number(theirs), `Expected ${earliest} or later, got ${String(cursor)}.`);
}
