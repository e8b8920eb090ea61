import { createClient, type Client } from "@tidings/client";
import { AppendError, memoryLog, type EventLog, type NewEntry } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub, type Hub } from "@tidings/server";
import { MemoryNetwork } from "../../packages/testing/src/memory-network.ts";
import { VirtualClock } from "../../packages/testing/src/virtual-clock.ts";
import { tidingsTransport } from "../../packages/ai/src/ai-sdk.ts";
import { startRun, type Produce } from "../../packages/ai/src/server.ts";
import { tidingsStream } from "../../packages/ai/src/tanstack.ts";
import { ai } from "../../packages/ai/test/contract.ts";

export const chat = ai.chat({ chatId: "c" });
export const run = ai.run({ chatId: "c", runId: "r" });
export const word = (delta: string) => ({ type: "text-delta", id: "t", delta });

type Word = ReturnType<typeof word>;

/** A model that a story speaks through. */
export class Model {
  signal = new AbortController().signal;
  #controller: ReadableStreamDefaultController<Word> | null = null;

  readonly produce: Produce = ({ signal }) => {
    this.signal = signal;
    return new ReadableStream<Word>({ start: (controller) => void (this.#controller = controller) });
  };

  say(...words: readonly string[]): void {
    for (const text of words) this.#controller?.enqueue(word(text));
  }

  finish(): void {
    this.#controller?.close();
  }
}

/** A process of an application and its pages, in virtual time. */
export class World {
  readonly clock = new VirtualClock();
  readonly log: EventLog = memoryLog({ now: this.clock.now });
  readonly hub: Hub<typeof ai>;
  readonly client: Client<typeof ai>;
  /** What `onError` of runs has got. */
  readonly errors: unknown[] = [];
  /** Whether the log refuses such a batch. */
  isRefused = (_batch: readonly NewEntry[]): boolean => false;
  /** What happens while such a batch is on its way to the log. */
  beforeAppend = async (_batch: readonly NewEntry[]): Promise<void> => {};

  constructor() {
    const { clock, log } = this;
    const network = new MemoryNetwork();
    const refusing = wrapLog(log, {
      append: async (batch) => {
        if (this.isRefused(batch)) throw new AppendError("none", "The disk is full.");
        await this.beforeAppend(batch);
        return log.append(batch);
      },
    });
    this.hub = createHub(ai, { log: refusing, authorize: () => true, onLog: () => {}, clock, random: () => 0.5 });
    network.listener = (request) => this.hub.handle(request);
    const fetch = (url: string, init: RequestInit) => network.fetch(url, init);
    this.client = createClient(ai, { url: "http://app.test/events", fetch, clock, random: () => 0.5 });
  }

  start(produce: Produce, place = run) {
    const onError = (error: unknown) => void this.errors.push(error);
    return startRun(this.hub, { chat, run: place, clock: this.clock, ttl: 5_000, onError }, produce);
  }

  /** Begins to read the active run of the chat, as a page that is reloaded. */
  async reconnect(): Promise<ReadableStream<unknown> | null> {
    const { client, clock } = this;
    const transport = tidingsTransport(client, { chat: ai.chat, run: ai.run, clock });
    return this.settled(transport.reconnectToStream({ chatId: "c" }));
  }

  /** A run of TanStack AI; without an offset for its writer. */
  stream(offset?: string) {
    const url = `http://app.test/api/chat?runId=r${offset === undefined ? "" : `&offset=${offset}`}`;
    const request = new Request(url, { method: offset === undefined ? "POST" : "GET" });
    return tidingsStream(this.hub, request, { run, clock: this.clock });
  }

  /** Waits for something that takes ten seconds at most. */
  async settled<Result>(promise: Promise<Result>): Promise<Result> {
    promise.catch(() => {});
    for (let time = 0; time < 10_000; time += 50) await this.clock.advance(50);
    const nothing = Symbol();
    const result = await Promise.race([promise, Promise.resolve(nothing)]);
    if (result === nothing) throw new Error("Expected an answer within ten seconds, got none.");
    return result;
  }

  /** The types of everything that the log has, in its order, and the data. */
  async written(...paths: readonly string[]): Promise<{ readonly type: string; readonly data: unknown }[]> {
    const start = { epoch: (await this.log.head()).epoch, seq: 0 };
    const { entries } = await this.log.read(start, paths, { entries: 10_000, bytes: 10_000_000 });
    return entries.map(({ type, data }) => ({ type, data: JSON.parse(data ?? "null") as unknown }));
  }

  async close(): Promise<void> {
    this.client.close();
    await Promise.all([this.hub.close(), this.clock.advance(60_000)]);
  }
}
