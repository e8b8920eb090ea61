import type { StreamDurability } from "@tanstack/ai";
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { streamText, type ChatInit, type ChatTransport, type UIMessage } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { tidingsTransport } from "./ai-sdk.ts";
import { activeRun, runChannel, type RunEnd } from "./index.ts";
import { startRun, type StartedRun } from "./server.ts";
import { tidingsStream, type TidingsStream } from "./tanstack.ts";

const app = defineContract({
  chat: channel("chats/:chatId", { activeRun, message: z.object({ text: z.string() }) }),
  run: runChannel("chats/:chatId/runs/:runId"),
  room: channel("rooms/:roomId", { activeRun }),
  inbox: channel("users/:userId/inbox", { message: z.object({ text: z.string() }) }),
  job: channel("jobs/:jobId", { activeRun }, { end: z.object({}) }),
});
const hub = createHub(app, { log: memoryLog(), authorize: () => true });
const client = createClient(app, { url: "/events" });
const model = new MockLanguageModelV4();
const chat = app.chat({ chatId: "c" });
const run = app.run({ chatId: "c", runId: "r" });

// The stream of the AI SDK, and any other stream of chunks, is taken as it is
const start = startRun(hub, { chat, run }, ({ signal }) => {
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  return streamText({ model, prompt: "tea", abortSignal: signal }).toUIMessageStream();
});
expectTypeOf(start).toEqualTypeOf<Promise<StartedRun>>();
void startRun(hub, { chat: app.room({ roomId: "lobby" }), run }, async function* () {
  yield { type: "text-delta", delta: "tea" };
});

// … but nothing without a type
// @ts-expect-error -- words are no chunks
void startRun(hub, { run }, async function* () {
  yield "tea";
});

// Only the channels that the package has made are taken
// @ts-expect-error -- no channel of runs
void startRun(hub, { run: chat }, async function* () {});
// @ts-expect-error -- says nothing of an active run
void startRun(hub, { run, chat: app.inbox({ userId: "ada" }) }, async function* () {});
// @ts-expect-error -- may end, and then no run could begin any more
void startRun(hub, { run, chat: app.job({ jobId: "j" }) }, async function* () {});
// @ts-expect-error -- the param runId is missing
runChannel("runs/:id");
// @ts-expect-error -- a param with another name
runChannel("runs/:runIdentity");
// @ts-expect-error -- no param
runChannel("runs/at:runId");

// The end of a run is typed
client.subscribe(run, {
  chunks: ({ first, chunks }) => {
    expectTypeOf(first).toEqualTypeOf<number>();
    expectTypeOf(chunks[0]?.type).toEqualTypeOf<string | undefined>();
  },
  onEnd: (end) => expectTypeOf(end).toEqualTypeOf<RunEnd>(),
  onGap: () => {},
});
client.subscribe(chat, {
  activeRun: ({ runId }) => expectTypeOf(runId).toEqualTypeOf<string | null>(),
  message: ({ text }) => expectTypeOf(text).toEqualTypeOf<string>(),
  onGap: () => {},
});

// A transport takes the channels of the contract, and fits every chat of the AI SDK
type Message = UIMessage<{ model: string }, { weather: { degrees: number } }>;
const transport = tidingsTransport(client, { chat: app.chat, run: app.run });
expectTypeOf(transport).toEqualTypeOf<ChatTransport<UIMessage>>();
const init: ChatInit<Message> = { transport };
void init;
tidingsTransport(client, { chat: ({ chatId }) => app.room({ roomId: chatId }), run: app.run });
// @ts-expect-error -- another param
tidingsTransport(client, { chat: app.room, run: app.run });
// @ts-expect-error -- no channel of runs
tidingsTransport(client, { chat: app.chat, run: app.chat });
// @ts-expect-error -- a misspelt option
tidingsTransport(client, { chat: app.chat, run: app.run, aip: "/chat" });

// A stream is the durability of TanStack AI
const stream = tidingsStream(hub, new Request("http://app.test"), { run });
expectTypeOf(stream).toEqualTypeOf<Promise<TidingsStream>>();
expectTypeOf<TidingsStream>().toExtend<StreamDurability>();
// @ts-expect-error -- no channel of runs
void tidingsStream(hub, new Request("http://app.test"), { run: chat });
