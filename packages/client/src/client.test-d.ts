import { channel, defineContract, latest, type AddressOf } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  createClient,
  type Client,
  type Degraded,
  type Gap,
  type Reason,
  type ReceivedEvent,
  type ServerContract,
  type Status,
  type StreamError,
  type UnreadableData,
  type Watchable,
} from "./index.ts";
import { tabs } from "./tabs.ts";

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    { message: z.object({ text: z.string(), sentAt: isoDate }), topic: latest(z.object({ text: z.string() })) },
    { snapshot: z.object({ messages: z.array(z.string()), since: isoDate }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }), count: z.number() }),
});
const shop = defineContract({ shop: channel("shops/:roomId", { sale: z.number() }) });
const client = createClient(chat, { url: "/events" });
const room = chat.room({ roomId: "lobby" });
const inbox = chat.inbox({ userId: "ada" });

expectTypeOf(client).toEqualTypeOf<Client<typeof chat>>();
expectTypeOf(client.status).toEqualTypeOf<Watchable<Status>>();

// Handlers get decoded data, and the event.
client.subscribe(room, {
  snapshot: (state) => expectTypeOf(state).toEqualTypeOf<{ messages: string[]; since: Date }>(),
  message: (message, event) => {
    expectTypeOf(message).toEqualTypeOf<{ text: string; sentAt: Date }>();
    expectTypeOf(event).toEqualTypeOf<ReceivedEvent<"message", { text: string; sentAt: Date }>>();
  },
  onClear: ({ type }) => expectTypeOf(type).toEqualTypeOf<"message" | "topic">(),
  onClose: (reason) => expectTypeOf(reason).toEqualTypeOf<Reason>(),
});
client.subscribe(inbox, { onGap: (gap) => expectTypeOf(gap).toEqualTypeOf<Gap>() });
// A handler may be async, and need not look at what it gets.
client.subscribe(inbox, { onGap: () => {}, count: async () => {} }, { after: "e.1" });

// What cannot be read.
client.subscribe(inbox, {
  onGap: ({ reason }) => reason === "unreadable" || reason === "too-large",
  onUnreadable: (unreadable, error) => {
    expectTypeOf(unreadable).toEqualTypeOf<UnreadableData>();
    expectTypeOf(unreadable.type).toEqualTypeOf<string | null>();
    expectTypeOf(unreadable.data).toEqualTypeOf<unknown>();
    expectTypeOf(error).toEqualTypeOf<StreamError>();
  },
});
// @ts-expect-error the raw data has no type: it did not fit
client.subscribe(inbox, { onGap: () => {}, onUnreadable: ({ data }) => data.by });
expectTypeOf((await client.history(inbox)).unreadable).toEqualTypeOf<readonly UnreadableData[]>();
channel("a", { b: z.string() }, { unreadable: "skip" });
channel("a", { b: z.string() }, { unreadable: "gap" });
// @ts-expect-error a handler takes raw data, and not the contract
channel("a", { b: z.string() }, { unreadable: "raw" });
expectTypeOf(client.contract).toEqualTypeOf<Watchable<ServerContract>>();
expectTypeOf(client.contract.value.state).toEqualTypeOf<"unknown" | "same" | "other">();
expectTypeOf(client.contract.value.fingerprint).toEqualTypeOf<string | null>();

// The status of what lives says how events come, and whether something is missing. Nothing else says so.
const shown = client.status.value;
if (shown.state === "live") {
  expectTypeOf(shown.transport).toEqualTypeOf<"poll" | undefined>();
  expectTypeOf(shown.degraded).toEqualTypeOf<Degraded | undefined>();
  expectTypeOf<Degraded["cause"]>().toEqualTypeOf<StreamError>();
}
if (shown.state === "retrying") {
  expectTypeOf(shown.at).toEqualTypeOf<number>();
  // @ts-expect-error what is tried again has no transport
  void shown.transport;
}
// @ts-expect-error what does not live is not degraded
if (shown.state === "connecting") void shown.degraded;

// What was shown in advance can go when a position is reached.
const subscription = client.subscribe(inbox, { onGap: () => {} });
expectTypeOf(subscription.reached).toEqualTypeOf<
  (id: string, options?: { readonly signal?: AbortSignal }) => Promise<boolean>
>();
// @ts-expect-error a position is the id of an event
void subscription.reached(5);

// Many tabs.
createClient(chat, { url: "/events", share: tabs({ viewer: "ada" }) });
createClient(chat, { url: "/events", share: tabs({ viewer: null }) });
// @ts-expect-error whose tabs share a stream has to be said
createClient(chat, { url: "/events", share: tabs({}) });
// @ts-expect-error `tabs` is called
createClient(chat, { url: "/events", share: tabs });

// Ends.
const jobs = defineContract({
  job: channel("jobs/:jobId", { line: z.string() }, { end: z.object({ at: isoDate }) }),
  report: channel("reports/:jobId", { line: z.string() }, { snapshot: z.string(), end: z.number() }),
  log: channel("log", { line: z.string() }),
});
const jobClient = createClient(jobs, { url: "/events" });
const job = jobs.job({ jobId: "a" });
jobClient.subscribe(job, {
  onGap: () => {},
  line: (line) => expectTypeOf(line).toEqualTypeOf<string>(),
  onEnd: (end, event) => {
    expectTypeOf(end).toEqualTypeOf<{ at: Date }>();
    expectTypeOf(event).toEqualTypeOf<ReceivedEvent<"end", { at: Date }>>();
  },
});
jobClient.subscribe(jobs.report({ jobId: "a" }), { snapshot: () => {}, onEnd: (end) => end.toFixed() });
// @ts-expect-error 'onEnd' does not exist: this channel declares no end
jobClient.subscribe(jobs.log(), { onGap: () => {}, onEnd: () => {} });
const last = await jobClient.events(job).next();
if (last.done === true && typeof last.value !== "string") expectTypeOf(last.value.data).toEqualTypeOf<{ at: Date }>();
const never = await jobClient.events(jobs.log()).next();
if (never.done === true) expectTypeOf(never.value).toEqualTypeOf<Reason>();
const history = await jobClient.history(job);
expectTypeOf(history.end).toEqualTypeOf<ReceivedEvent<"end", { at: Date }> | null>();
expectTypeOf((await jobClient.history(jobs.log())).end).toEqualTypeOf<null>();

// With an address of several channels, the handlers are those that all of them have, and what both gaps need.
declare const either: AddressOf<typeof chat, "room" | "inbox">;
client.subscribe(either, { snapshot: ({ messages }) => messages.length, onGap: (gap) => gap.reason });
// @ts-expect-error not an event of both
client.subscribe(either, { snapshot: () => {}, onGap: () => {}, mention: () => {} });

// @ts-expect-error without a snapshot, onGap is required
client.subscribe(inbox, { mention: () => {} });
// @ts-expect-error with a snapshot, its handler is required
client.subscribe(room, { message: () => {} });
// @ts-expect-error also where there is an onGap
client.subscribe(room, { onGap: () => {} });
// @ts-expect-error an inbox has no snapshot
client.subscribe(inbox, { onGap: () => {}, snapshot: () => {} });
// @ts-expect-error no such event
client.subscribe(inbox, { onGap: () => {}, mentoin: () => {} });
// @ts-expect-error another type of data
client.subscribe(inbox, { onGap: () => {}, mention: (mention: { by: number }) => mention });
// @ts-expect-error no such field
client.subscribe(inbox, { onGap: () => {}, mention: ({ author }) => void author });
// @ts-expect-error an address of another contract
client.subscribe(shop.shop({ roomId: "x" }), { onGap: () => {} });
// @ts-expect-error a path is no address
client.subscribe("rooms/lobby", { snapshot: () => {} });
// @ts-expect-error an address of another contract
client.events(shop.shop({ roomId: "x" }));
// @ts-expect-error the url is required
createClient(chat, {});

// An iterator is narrowed by type, and ends with a reason.
async function read(): Promise<void> {
  for await (const event of client.events(inbox)) {
    if (event.type === "mention") expectTypeOf(event.data).toEqualTypeOf<{ by: string }>();
    else expectTypeOf(event.data).toEqualTypeOf<number>();
    // @ts-expect-error no such event
    if (event.type === "message") return;
  }
  const result = await client.events(inbox).next();
  if (result.done === true) expectTypeOf(result.value).toEqualTypeOf<Reason>();
  const { events } = await client.history(room, { last: 5 });
  expectTypeOf(events[0]?.type).toEqualTypeOf<"message" | "topic" | undefined>();
}
void read;
