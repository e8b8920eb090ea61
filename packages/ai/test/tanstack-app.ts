import {
  chat,
  EventType,
  resolveResumeRunId,
  resumeServerSentEventsResponse,
  toServerSentEventsResponse,
} from "@tanstack/ai";
import { BaseTextAdapter } from "@tanstack/ai/adapters";
import { fetchServerSentEvents } from "@tanstack/ai-client";
import type { EventLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { onTestFinished } from "vitest";
import { tidingsStream } from "../src/tanstack.ts";
import { ai } from "./contract.ts";

type Chunk =
  ReturnType<BaseTextAdapter<string, object, [], never>["chatStream"]> extends AsyncIterable<infer C> ? C : never;

/** A model that says what the test tells it to say. */
class FakeAdapter extends BaseTextAdapter<"fake", object, readonly ["text"], never> {
  readonly name = "fake";
  readonly signals: (AbortSignal | undefined)[] = [];
  /** Whether it goes on after its signal is aborted. */
  isDeaf = false;
  #controller: ReadableStreamDefaultController<Chunk> | null = null;

  constructor() {
    super({}, "fake");
  }

  override async *chatStream({
    request,
  }: Parameters<BaseTextAdapter<"fake", object, ["text"], never>["chatStream"]>[0]) {
    const signal = request?.signal ?? undefined;
    this.signals.push(signal);
    const chunks = new ReadableStream<Chunk>({ start: (controller) => void (this.#controller = controller) });
    const reader = chunks.getReader();
    signal?.addEventListener("abort", () => (this.isDeaf ? undefined : void reader.cancel()));
    const about = { timestamp: 0, threadId: "t", runId: "r" };
    yield { type: EventType.RUN_STARTED, ...about } as Chunk;
    yield { type: EventType.TEXT_MESSAGE_START, messageId: "m", role: "assistant", timestamp: 0 } as Chunk;
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    if (signal?.aborted === true && !this.isDeaf) return;
    yield { type: EventType.TEXT_MESSAGE_END, messageId: "m", timestamp: 0 } as Chunk;
    yield { type: EventType.RUN_FINISHED, ...about, finishReason: "stop" } as Chunk;
  }

  override async structuredOutput(): Promise<never> {
    throw new Error("not here");
  }

  say(delta: string): void {
    this.#controller?.enqueue({ type: EventType.TEXT_MESSAGE_CONTENT, messageId: "m", delta, timestamp: 0 });
  }

  finish(): void {
    this.#controller?.close();
  }
}

/** A server of chats with a fake model: one process of an application. */
export class TanstackApp {
  readonly hub: Hub<typeof ai>;
  readonly model = new FakeAdapter();
  /** How long the lease of a run holds, in milliseconds. */
  ttl = 1_000;
  /** Each cuts the connection of one request, in the order of the requests. */
  readonly cuts: (() => void)[] = [];

  constructor(log: EventLog) {
    this.hub = createHub(ai, { log, authorize: () => true, drain: 500, onLog: () => {} });
    onTestFinished(() => this.hub.close());
  }

  /** Asks the route. As with a real connection, an abort ends the answer. */
  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const answer = await this.#answer(new Request(url, init));
    const cut = new AbortController();
    this.cuts.push(() => cut.abort(new TypeError("terminated")));
    const signal = AbortSignal.any([cut.signal, ...(init?.signal ? [init.signal] : [])]);
    const body = answer.body?.pipeThrough(new TransformStream(), { signal });
    return new Response(body ?? null, answer);
  };

  /** The route of the chat. */
  async #answer(request: Request): Promise<Response> {
    const runId = resolveResumeRunId(request) ?? "";
    const stream = await tidingsStream(this.hub, request, {
      chat: ai.chat({ chatId: "c" }),
      run: ai.run({ chatId: "c", runId }),
      ttl: this.ttl,
    });
    if (request.method === "GET") return resumeServerSentEventsResponse({ adapter: stream });
    const { abortController } = stream;
    const chunks = chat({
      adapter: this.model,
      messages: [{ role: "user", content: "What is tea?" }],
      abortController,
    });
    return toServerSentEventsResponse(chunks, { abortController, durability: { adapter: stream } });
  }

  /** A page of TanStack AI. */
  open() {
    return fetchServerSentEvents("http://app.test/api/chat", { fetchClient: this.fetch });
  }
}
