import { createClient, type Client, type Gap, type ReceivedEvent, type Status } from "@tidings/client";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { createHooks, type Hooks, type LatestValues, type View } from "./index.ts";

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: z.object({ text: z.string(), sentAt: isoDate }),
      topic: latest(z.object({ text: z.string() })),
      typing: volatile(z.object({ author: z.string() })),
    },
    { snapshot: z.object({ messages: z.array(z.string()), since: isoDate }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
});
const shop = defineContract({ shop: channel("shops/:shopId", { sale: z.number() }) });
const client = createClient(chat, { url: "/events" });
const room = chat.room({ roomId: "lobby" });
const inbox = chat.inbox({ userId: "ada" });
const hooks = createHooks(chat);
const { TidingsProvider, useClient, useChannel, useChannelState, useLatest, useStatus } = hooks;

expectTypeOf(hooks).toEqualTypeOf<Hooks<typeof chat>>();
expectTypeOf(useClient()).toEqualTypeOf<Client<typeof chat>>();
expectTypeOf(useStatus()).toEqualTypeOf<Status>();
expectTypeOf(useStatus(client.subscribe(inbox, { onGap: () => {} }))).toEqualTypeOf<Status>();
TidingsProvider({ client });

// ---- ends: only where the channel declares one ----------------------------------------------------------------------

const jobs = defineContract({
  job: channel("jobs/:jobId", { line: z.string() }, { end: z.object({ at: isoDate }) }),
  log: channel("log", { line: z.string() }),
});
const jobHooks = createHooks(jobs);
jobHooks.useChannel(jobs.job({ jobId: "a" }), {
  onGap: () => {},
  onEnd: (end) => expectTypeOf(end).toEqualTypeOf<{ at: Date }>(),
});
// @ts-expect-error 'onEnd' does not exist: this channel declares no end
jobHooks.useChannel(jobs.log(), { onGap: () => {}, onEnd: () => {} });
jobHooks.useChannelState(jobs.job({ jobId: "a" }), {
  initial: 0,
  reduce: { line: (count) => count + 1 },
  gap: (count) => count,
  end: (count, { at }) => count + at.getTime(),
});
jobHooks.useChannelState(jobs.log(), {
  initial: 0,
  reduce: {},
  gap: (count) => count,
  // @ts-expect-error 'end' does not exist: this channel declares no end
  end: (count: number) => count,
});

// ---- useChannel: the handlers of the client -------------------------------------------------------------------------

const status = useChannel(room, {
  snapshot: (state) => expectTypeOf(state).toEqualTypeOf<{ messages: string[]; since: Date }>(),
  message: (message, event) => {
    expectTypeOf(message).toEqualTypeOf<{ text: string; sentAt: Date }>();
    expectTypeOf(event).toEqualTypeOf<ReceivedEvent<"message", { text: string; sentAt: Date }>>();
  },
  onClear: ({ type }) => expectTypeOf(type).toEqualTypeOf<"message" | "topic" | "typing">(),
});
expectTypeOf(status).toEqualTypeOf<Status>();
useChannel(inbox, { onGap: () => {} }, { after: "e.1" });
// @ts-expect-error a hook follows the address for as long as the component is there, and no signal ends it
useChannel(inbox, { onGap: () => {} }, { signal: new AbortController().signal });
// @ts-expect-error without a snapshot, onGap is required
useChannel(inbox, { mention: () => {} });
// @ts-expect-error with a snapshot, its handler is required
useChannel(room, { message: () => {} });
// @ts-expect-error no such event
useChannel(inbox, { onGap: () => {}, mentoin: () => {} });
// @ts-expect-error an address of another contract
useChannel(shop.shop({ shopId: "x" }), { onGap: () => {} });
// @ts-expect-error a path is no address
useChannel("rooms/lobby", { snapshot: () => {} });

// ---- useChannelState: the state is what `initial` says --------------------------------------------------------------

interface Room {
  readonly texts: readonly string[];
  readonly topic: string | null;
}
const initial: Room = { texts: [], topic: null };
const shown = useChannelState(room, {
  initial,
  snapshot: (state) => {
    expectTypeOf(state).toEqualTypeOf<{ messages: string[]; since: Date }>();
    return { texts: state.messages, topic: null };
  },
  reduce: {
    message(state, message, event) {
      expectTypeOf(state).toEqualTypeOf<Room>();
      expectTypeOf(message).toEqualTypeOf<{ text: string; sentAt: Date }>();
      expectTypeOf(event.type).toEqualTypeOf<"message">();
      return { ...state, texts: [...state.texts, message.text] };
    },
    topic: (state, { text }) => ({ ...state, topic: text }),
  },
  clear: (state, { type, key }) => (type === "topic" && key === "" ? { ...state, topic: null } : state),
  gap: (state, gap) => {
    expectTypeOf(gap).toEqualTypeOf<Gap>();
    return state;
  },
});
expectTypeOf(shown).toEqualTypeOf<View<Room>>();

const reduction = { initial: 0, gap: () => 0, reduce: { mention: (count: number) => count + 1 } };
expectTypeOf(useChannelState(inbox, reduction)).toEqualTypeOf<View<number>>();
expectTypeOf(
  useChannelState(inbox, reduction, (count, { state }) => {
    expectTypeOf(state).toEqualTypeOf<Status["state"]>();
    return count > 2;
  }),
).toEqualTypeOf<boolean>();

// @ts-expect-error without a snapshot, the state after a gap is required
useChannelState(inbox, { initial: 0, reduce: {} });
// @ts-expect-error with a snapshot, its state is required
useChannelState(room, { initial, reduce: {} });
// @ts-expect-error an inbox has no snapshot
useChannelState(inbox, { initial: 0, gap: () => 0, snapshot: () => 0, reduce: {} });
// @ts-expect-error no such event
useChannelState(inbox, { initial: 0, gap: () => 0, reduce: { mentoin: () => 1 } });
// @ts-expect-error another state
useChannelState(inbox, { initial: 0, gap: () => 0, reduce: { mention: () => "one" } });
// @ts-expect-error no such field
useChannelState(inbox, { initial: 0, gap: () => 0, reduce: { mention: (count, { author }) => count + author } });
// @ts-expect-error an initial state is required
useChannelState(inbox, { gap: () => 0, reduce: {} });

// ---- useLatest: only of latest events -------------------------------------------------------------------------------

expectTypeOf(useLatest(room, "topic")).toEqualTypeOf<View<LatestValues<{ text: string }>>>();
expectTypeOf(useLatest(room, "topic", (topics) => topics.get("")?.text)).toEqualTypeOf<string | undefined>();
// @ts-expect-error a reliable event has no current value
useLatest(room, "message");
// @ts-expect-error a volatile event has no current value
useLatest(room, "typing");
// @ts-expect-error an inbox has no latest event
useLatest(inbox, "mention");
