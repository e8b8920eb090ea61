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
import { word } from "./word.ts";
import { TestChat } from "../../packages/ai/test/test-chat.ts";

export const chat = ai.chat({ chatId: "c" });
export const run = ai.run({ chatId: "c", runId: "r" });

type Word = ReturnType<typeof word> | { readonly type: string };

/** A model that a story speaks through. */
export class Model {
  signal = new AbortController().signal;
  #controller: ReadableStreamDefaultController<Word> | null = null;

  readonly produce: Produce = ({ signal }) => {
    this.signal = signal;
    return new ReadableStream<Word>({ start: (controller) => void (this.#controller = controller) });
  };

  /** Begins a message, as the AI SDK wants it before its first word. */
  begin(): void {
    this.#controller?.enqueue({ type: "start" });
    this.#controller?.enqueue({ type: "text-start", id: "t" });
  }

  say(...words: readonly string[]): void {
    for (const text of words) this.#controller?.enqueue(word(text));
  }

  finish(): void {
    this.#controller?.close();
  }
}

function unknown(): AppendError {
  return new AppendError("unknown", "The connection was lost.");
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
  readonly #others: Hub<typeof ai>[] = [];
  /** What happens while such a batch is on its way to the log. */
  beforeAppend = async (_batch: readonly NewEntry[]): Promise<void> => {};
  /** What gets lost of the next appends, one each: the request, or the answer. */
  readonly losses: ("request" | "answer")[] = [];
  readonly network = new MemoryNetwork();

  constructor() {
    const { clock, log, network } = this;
    const refusing = wrapLog(log, {
      append: async (batch) => {
        if (this.isRefused(batch)) throw new AppendError("none", "The disk is full.");
        await this.beforeAppend(batch);
        const loss = this.losses.shift();
        if (loss === "request") throw unknown();
        const appended = await log.append(batch);
        if (loss === "answer") throw unknown();
        return appended;
      },
    });
    const options = { authorize: () => true, onLog: () => {}, clock, random: () => 0.5, drain: 1_000 };
    this.hub = createHub(ai, { log: refusing, ...options });
    network.listener = (request) => this.hub.handle(request);
    const fetch = (url: string, init: RequestInit) => network.fetch(url, init);
    const url = "http://app.test/events";
    this.client = createClient(ai, { url, fetch, clock, random: () => 0.5, onError: () => {} });
  }

  start(produce: Produce, place = run) {
    const onError = (error: unknown) => void this.errors.push(error);
    return startRun(this.hub, { chat, run: place, clock: this.clock, ttl: 5_000, onError }, produce);
  }

  get transport() {
    const { client, clock } = this;
    return tidingsTransport(client, { chat: ai.chat, run: ai.run, clock });
  }

  /** Begins to read the active run of the chat, as a page that is reloaded. */
  async reconnect(): Promise<ReadableStream<unknown> | null> {
    return this.settled(this.transport.reconnectToStream({ chatId: "c" }));
  }

  /** A page with the chat of the AI SDK. */
  open(): TestChat {
    return new TestChat({ id: "c", transport: this.transport });
  }

  /** Cuts all streams and requests that are open, after so many bytes more. */
  cut(bytes: number): void {
    for (const exchange of [...this.network.open]) exchange.cut(bytes);
  }

  /** A run of TanStack AI; without an offset for its writer. */
  stream(offset?: string) {
    const url = `http://app.test/api/chat?runId=r${offset === undefined ? "" : `&offset=${offset}`}`;
    const request = new Request(url, { method: offset === undefined ? "POST" : "GET" });
    return tidingsStream(this.hub, request, { run, clock: this.clock });
  }

  /** From now on, nothing of this process reaches the log, and no answer of it comes. */
  die(): Promise<void> {
    const never = new Promise<void>(() => {});
    this.beforeAppend = () => never;
    return never;
  }

  /** Another process on the same log. */
  startOther(): { readonly hub: Hub<typeof ai> } {
    const { clock, log } = this;
    const others = wrapLog(log, { close: async () => {} });
    const hub = createHub(ai, { log: others, authorize: () => true, onLog: () => {}, clock, random: () => 0.5 });
    this.#others.push(hub);
    return { hub };
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
    const hubs = [this.hub, ...this.#others];
    await Promise.all([...hubs.map((hub) => hub.close()), this.clock.advance(60_000)]);
  }
}
