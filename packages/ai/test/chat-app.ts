import { createClient, type Client } from "@tidings/client";
import type { EventLog } from "@tidings/log";
import { createHub, LeaseError, type Hub, type Limits } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { convertToModelMessages, streamText, type UIMessage } from "ai";
import { onTestFinished } from "vitest";
import { tidingsTransport } from "../src/ai-sdk.ts";
import { startRun } from "../src/server.ts";
import { ai } from "./contract.ts";
import { FakeModel } from "./fake-model.ts";
import { TestChat } from "./test-chat.ts";

/** The body of a request of the transport. */
interface Asked {
  readonly id: string;
  readonly runId: string;
  readonly messages: UIMessage[];
}

/** A server of chats with a fake model: one process of an application. */
export class ChatApp {
  readonly hub: Hub<typeof ai>;
  readonly model = new FakeModel();
  /** What the application has saved, by chat. */
  readonly saved = new Map<string, readonly UIMessage[]>();
  readonly errors: unknown[] = [];
  readonly requests: Request[] = [];
  readonly #events: (request: Request) => Promise<Response>;

  constructor(log: EventLog, limits: Partial<Limits> = {}) {
    this.hub = createHub(ai, { log, authorize: () => true, drain: 500, onLog: () => {}, limits });
    this.#events = toFetchHandler(this.hub);
    onTestFinished(() => this.hub.close());
  }

  /** The route that the transport sends messages to, and the route of the hub. */
  readonly fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    this.requests.push(request.clone());
    return request.url.endsWith("/events") || request.url.includes("/events?")
      ? this.#events(request)
      : this.#answer((await request.json()) as Asked);
  };

  connect(): Client<typeof ai> {
    const client = createClient(ai, { url: "http://app.test/events", fetch: (url, init) => this.fetch(url, init) });
    onTestFinished(() => client.close());
    return client;
  }

  /** Opens a page with the chat: a client, a transport and a chat of its own. */
  open(messages: UIMessage[] = [], onFinish?: (about: { finishReason?: string | undefined }) => void): TestChat {
    const transport = tidingsTransport(this.connect(), {
      chat: ai.chat,
      run: ai.run,
      api: "http://app.test/api/chat",
      fetch: this.fetch,
    });
    return new TestChat({ id: "c", messages, transport, ...(onFinish && { onFinish }) });
  }

  async #answer({ id: chatId, runId, messages }: Asked): Promise<Response> {
    const onError = (error: unknown) => void this.errors.push(error);
    try {
      await startRun(this.hub, { chat: ai.chat({ chatId }), run: ai.run({ chatId, runId }), onError }, async (run) => {
        const result = streamText({
          model: this.model.model,
          onError: () => {},
          messages: await convertToModelMessages(messages),
          abortSignal: run.signal,
        });
        return result.toUIMessageStream({
          originalMessages: messages,
          generateMessageId: () => runId,
          onEnd: ({ messages: all }) => void this.saved.set(chatId, all),
        });
      });
      return Response.json({});
    } catch (error) {
      if (!(error instanceof LeaseError)) throw error;
      return new Response("The chat has another run.", { status: 409 });
    }
  }
}
