import type { Client } from "@tidings/client";
import type { Address, AddressOf, Contract } from "@tidings/contract";
import { checkHasKeys, checkMethods, checkOptions, checkType } from "@tidings/protocol/checks";
import { startTimer, type Clock } from "@tidings/protocol/clock";
import type { ChatTransport, PrepareSendMessagesRequest, UIMessage, UIMessageChunk } from "ai";
import type { ChatName, RunEnd, RunName } from "../run.ts";
import { findActiveRun } from "./find-active-run.ts";
import { loadReplay, readRun } from "./read-run.ts";
import type { RunClient } from "./run-client.ts";

/** Options of {@link tidingsTransport}. Those of the request have the names and the meaning of the AI SDK. */
export interface TidingsTransportOptions<C extends Contract> {
  /** Makes the address of a chat: the channel of the contract, if its param is `chatId`. */
  readonly chat: (params: { readonly chatId: string }) => AddressOf<C, ChatName<C>>;
  /** Makes the address of a run: the channel of the contract, if its params are `chatId` and `runId`. */
  readonly run: (params: { readonly chatId: string; readonly runId: string }) => AddressOf<C, RunName<C>>;
  /** Where messages are sent to. @default "/api/chat" */
  readonly api?: string;
  /** Headers of the request. */
  readonly headers?: Record<string, string>;
  /** More properties of the request's body. */
  readonly body?: object;
  /** @default "same-origin" */
  readonly credentials?: RequestCredentials;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Makes the request. Its `body` has a `runId`, which the server needs. */
  readonly prepareSendMessagesRequest?: PrepareSendMessagesRequest<UIMessage>;
  /** Runs timers. @default the clock of the runtime */
  readonly clock?: Pick<Clock, "setTimeout">;
}

type SendOptions = Parameters<ChatTransport<UIMessage>["sendMessages"]>[0];
type ReconnectOptions = Parameters<ChatTransport<UIMessage>["reconnectToStream"]>[0];

/**
 * A transport for `useChat` and `Chat` of the AI SDK. It sends messages with a request, whose answer is not read: the
 * chunks of the answer come by the client of Tidings. So a reload, another tab and another device read the same answer.
 * The body of the request is `{ id, messages, trigger, messageId, runId }`, with a new `runId` for each call.
 *
 * `stop()` of the chat only ends the reading. Let the server call `hub.stop` with the address of the chat to stop the
 * model.
 *
 * @throws TypeError for options that are unknown or of another type
 * @example
 * useChat({ id: chatId, resume: true, transport: tidingsTransport(client, { chat: ai.chat, run: ai.run }) });
 */
export function tidingsTransport<C extends Contract>(
  client: Client<C>,
  options: TidingsTransportOptions<C>,
): ChatTransport<UIMessage> {
  checkMethods("client", client, ["history", "subscribe"]);
  checkOptions("the options of tidingsTransport", options, {
    chat: "function",
    run: "function",
    api: "string",
    headers: "object",
    body: "object",
    credentials: "string",
    fetch: "function",
    prepareSendMessagesRequest: "function",
    clock: "object",
  });
  const { headers = {}, body = {}, clock = { setTimeout: startTimer } } = options;
  checkType("chat", options.chat ?? null, "function");
  checkType("run", options.run ?? null, "function");
  // They are copied key by key, which would leave out what an object of `Headers` or a map holds.
  checkHasKeys('"headers"', headers);
  checkHasKeys('"body"', body);
  checkMethods("clock", clock, ["setTimeout"]);
  // Safe: the signature has checked what depends on the contract.
  const anyClient = client as unknown as RunClient;

  /** @throws Error if nothing of the run is left */
  async function readNew(run: Address, signal: AbortSignal | undefined): Promise<ReadableStream<UIMessageChunk>> {
    const replay = await loadReplay(anyClient, run, { signal, clock });
    if (replay !== null) return readUIMessages(anyClient, run, replay);
    throw new Error(`Expected the run ${run.path} to have begun, got nothing of it; let the server call startRun.`);
  }

  return {
    // A stream always begins with the first chunk of the answer.
    resumeStreamIsReplay: true,

    async sendMessages(given) {
      const { chatId, abortSignal } = given;
      const runId = newRunId();
      await post(options, given, runId);
      return readNew(options.run({ chatId, runId }), abortSignal);
    },

    async reconnectToStream({ chatId, abortSignal }: ReconnectOptions) {
      const runId = await findActiveRun(anyClient, options.chat({ chatId }), abortSignal);
      if (runId === null) return null;
      const run = options.run({ chatId, runId });
      const replay = await loadReplay(anyClient, run, { signal: abortSignal, clock });
      // Nobody has saved it, and the log has dropped it. The id of the run stays for longer.
      if (replay === null) return null;
      // The application has saved what has ended well.
      const isSaved = replay.end?.outcome === "finished" || replay.end?.outcome === "stopped";
      return isSaved ? null : readUIMessages(anyClient, run, replay);
    },
  };
}

/** 128 random bits. `randomUUID` is missing on pages that are served without TLS. */
function newRunId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function readUIMessages(...[client, run, replay]: [RunClient, Address, Parameters<typeof readRun>[2]]) {
  // Safe: these are the chunks that the server's AI SDK has made.
  return readRun(client, run, replay, lastChunks) as ReadableStream<UIMessageChunk>;
}

/** What the end of a run adds to what the model has given. */
function lastChunks({ outcome }: RunEnd): readonly UIMessageChunk[] {
  if (outcome === "failed") return [{ type: "error", errorText: "The answer has failed." }];
  return outcome === "aborted" ? [{ type: "finish", finishReason: "interrupted" }] : [];
}

/** Sends the messages. @throws Error with the text of an answer that is not ok */
async function post<C extends Contract>(
  options: TidingsTransportOptions<C>,
  { chatId, messages, trigger, messageId, abortSignal, ...given }: SendOptions,
  runId: string,
): Promise<void> {
  const { api = "/api/chat", credentials = "same-origin" } = options;
  const headers = { ...options.headers, ...Object.fromEntries(new Headers(given.headers)) };
  const added = { ...options.body, ...given.body, runId };
  const about = { id: chatId, messages, trigger, messageId };
  const prepared = await options.prepareSendMessagesRequest?.({
    ...about,
    api,
    credentials,
    headers,
    body: added,
    requestMetadata: given.metadata,
  });
  const { fetch = globalThis.fetch } = options;
  const response = await fetch(prepared?.api ?? api, {
    method: "POST",
    headers: { "content-type": "application/json", ...Object.fromEntries(new Headers(prepared?.headers ?? headers)) },
    body: JSON.stringify(prepared?.body ?? { ...added, ...about }),
    credentials: prepared?.credentials ?? credentials,
    signal: abortSignal ?? null,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text || `Expected ${api} to accept the messages, got status ${response.status}.`);
}
