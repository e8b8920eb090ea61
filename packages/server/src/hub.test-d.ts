import type { IncomingMessage, ServerResponse } from "node:http";
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { memoryLog, type TransactionalLog } from "@tidings/log";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { toFetchHandler } from "./fetch.ts";
import { createHub, type EventReader, type HubRequest, type Viewer } from "./index.ts";
import { toNodeHandler } from "./node.ts";

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: z.object({ text: z.string(), sentAt: isoDate }),
      typing: volatile(z.object({ author: z.string() })),
      topic: latest(z.object({ text: z.string() })),
    },
    { snapshot: z.object({ since: isoDate }) },
  ),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
});
const plain = defineContract({ clock: channel("clock", { tick: z.number() }) });

const log = memoryLog();
const snapshot = { room: () => ({ since: new Date() }) };
const lobby = chat.room({ roomId: "lobby" });
const inbox = chat.inbox({ userId: "ada" });
const sentAt = new Date();

// Publish
const hub = createHub(chat, { log, authorize: () => true, snapshot });

// End, and writers with a lease
const jobs = defineContract({
  job: channel("jobs/:jobId", { line: z.string() }, { end: z.object({ at: isoDate }) }),
  log: channel("log", { line: z.string() }),
});
{
  const jobHub = createHub(jobs, { log, authorize: () => true });
  const job = jobs.job({ jobId: "a" });
  // … takes the data that the channel declares, decoded
  void jobHub.end(job, { at: sentAt }, { idempotencyKey: "k" });
  expectTypeOf(jobHub.end(job, { at: sentAt })).resolves.toHaveProperty("id");
  // @ts-expect-error -- encoded instead of decoded
  void jobHub.end(job, { at: "2026-01-01T00:00:00.000Z" });
  // @ts-expect-error -- no data
  void jobHub.end(job);
  // @ts-expect-error -- an end has no condition
  void jobHub.end(job, { at: sentAt }, { expects: null });
  // @ts-expect-error -- is not assignable to type '"this channel declares no end: channel(pattern, events, { end: …
  void jobHub.end(jobs.log(), {});
  // @ts-expect-error -- an end is not published
  void jobHub.publish(job, "end", { at: sentAt });
  // A lease says how the address ends if its writer dies
  await using writer = await jobHub.lease(job, { ttl: 10_000, aborted: { at: sentAt } });
  expectTypeOf(writer.address.params).toEqualTypeOf<{ readonly jobId: string }>();
  expectTypeOf(writer.publish("line", "x")).resolves.toHaveProperty("id");
  void writer.end({ at: sentAt });
  // @ts-expect-error -- data of another event
  void writer.publish("line", 5);
  // @ts-expect-error -- no such event
  void writer.publish("lines", "x");
  // @ts-expect-error -- encoded instead of decoded
  void writer.end({ at: "2026-01-01T00:00:00.000Z" });
  // @ts-expect-error -- no data
  void writer.end();
  // @ts-expect-error -- Property 'aborted' is missing
  void jobHub.lease(job, { ttl: 10_000 });
  // @ts-expect-error -- encoded instead of decoded
  void jobHub.lease(job, { ttl: 10_000, aborted: { at: "2026-01-01T00:00:00.000Z" } });
  // … only where the channel declares an end
  const logWriter = await jobHub.lease(jobs.log(), { ttl: 10_000 });
  void logWriter.release();
  void jobHub.lease(jobs.log(), { ttl: 10_000, stopsSince: logWriter.askedAt });
  // @ts-expect-error -- every stop of an address that can end counts
  void jobHub.lease(job, { ttl: 10_000, aborted: { at: sentAt }, stopsSince: logWriter.askedAt });
  // @ts-expect-error -- is not assignable to type '"this channel declares no end: channel(pattern, events, { end: …
  void logWriter.end({});
  // @ts-expect-error -- the channel declares no end
  void jobHub.lease(jobs.log(), { ttl: 10_000, aborted: {} });
  // @ts-expect-error -- no ttl
  void jobHub.lease(jobs.log(), {});
  void jobHub.stop(job, "enough");
  // @ts-expect-error -- an address of another contract
  void jobHub.stop(lobby);
  // The end is the last item of a loop, only where the channel declares one
  for await (const item of jobHub.events(job)) {
    if (item.kind === "end") expectTypeOf(item.data).toEqualTypeOf<{ at: Date }>();
  }
  for await (const item of jobHub.events(jobs.log())) {
    expectTypeOf(item.kind).toEqualTypeOf<"event" | "gap" | "invalid">();
  }
}

// … takes an event of the address's channel, decoded
{
  void hub.publish(lobby, "message", { text: "hi", sentAt });
  void hub.publish(inbox, "mention", { by: "bob" }, { idempotencyKey: "k" });
  expectTypeOf(hub.publish(lobby, "typing", { author: "ada" })).resolves.toEqualTypeOf<{
    readonly id: string;
    readonly duplicate: boolean;
  }>();
}

// … refuses unknown events, wrong, missing and excess fields, foreign addresses
{
  // @ts-expect-error -- no such event
  void hub.publish(lobby, "shout", { text: "hi" });
  // @ts-expect-error -- an event of another channel
  void hub.publish(lobby, "mention", { by: "bob" });
  // @ts-expect-error -- encoded instead of decoded
  void hub.publish(lobby, "message", { text: "hi", sentAt: "2026-01-01T00:00:00.000Z" });
  // @ts-expect-error -- a field is missing
  void hub.publish(lobby, "message", { text: "hi" });
  // @ts-expect-error -- a field is too many
  void hub.publish(lobby, "message", { text: "hi", sentAt, mood: "good" });
  // @ts-expect-error -- an address of another contract
  void hub.publish(plain.clock(), "tick", 1);
  // @ts-expect-error -- a path is no address
  void hub.publish("rooms/lobby", "message", { text: "hi", sentAt });
}

// … publishAll and clear are as strict
{
  void hub.publishAll([
    { address: lobby, type: "message", data: { text: "hi", sentAt } },
    { address: inbox, type: "mention", data: { by: "ada" }, idempotencyKey: "k" },
  ]);
  // @ts-expect-error -- data of another event
  void hub.publishAll([{ address: lobby, type: "message", data: { by: "ada" } }]);
  void hub.clear(lobby, "topic", "key");
  // @ts-expect-error -- no such event
  void hub.clear(lobby, "shout");
}

// … keep names channels of the contract, and what is kept of each
{
  const options = { log, authorize: () => true, snapshot };
  createHub(chat, { ...options, keep: { default: { entries: 500 }, channels: { inbox: { age: 1 }, room: {} } } });
  createHub(chat, { ...options, keep: {} });
  // @ts-expect-error -- no such channel
  createHub(chat, { ...options, keep: { channels: { rooms: { age: 1 } } } });
  // @ts-expect-error -- the bytes are those of the whole log
  createHub(chat, { ...options, keep: { channels: { room: { bytes: 1 } } } });
  // @ts-expect-error -- a number of milliseconds
  createHub(chat, { ...options, keep: { channels: { room: { age: "1 day" } } } });
  // @ts-expect-error -- channels are named inside of `channels`
  createHub(chat, { ...options, keep: { room: { age: 1 } } });
}

// … expects is there for latest events only
{
  void hub.publish(lobby, "topic", { text: "tea" }, { expects: null, idempotencyKey: "k" });
  void hub.publish(lobby, "topic", { text: "tea" }, { expects: "q7.5" });
  // @ts-expect-error -- every reliable event counts
  void hub.publish(lobby, "message", { text: "hi", sentAt }, { expects: null });
  // @ts-expect-error -- a volatile event has no value
  void hub.publish(lobby, "typing", { author: "ada" }, { expects: null });
  // @ts-expect-error -- an id is a text
  void hub.publish(lobby, "topic", { text: "tea" }, { expects: 5 });
  void hub.publishAll([
    { address: lobby, type: "topic", data: { text: "tea" }, expects: null },
    { address: inbox, type: "mention", data: { by: "ada" } },
  ]);
  // @ts-expect-error -- every reliable event counts
  void hub.publishAll([{ address: inbox, type: "mention", data: { by: "ada" }, expects: null }]);
}

// … events gives the items of its addresses, narrowed by kind, name and type
{
  const loop = hub.events([lobby, inbox], { after: null, signal: new AbortController().signal });
  expectTypeOf(loop.cursor).toEqualTypeOf<string | null>();
  for await (const item of loop) {
    expectTypeOf(item.kind).toEqualTypeOf<"event" | "clear" | "gap" | "invalid">();
    expectTypeOf(item.cursor).toEqualTypeOf<string>();
    if (item.kind === "gap") {
      expectTypeOf(item.reason).toEqualTypeOf<"trimmed" | "reset" | "lost">();
    }
    if (item.kind === "event" && item.name === "inbox") {
      expectTypeOf(item.params).toEqualTypeOf<{ readonly userId: string }>();
      expectTypeOf(item.data).toEqualTypeOf<{ by: string }>();
    }
    if (item.kind === "event" && item.type === "message") {
      expectTypeOf(item.name).toEqualTypeOf<"room">();
      expectTypeOf(item.data.sentAt).toEqualTypeOf<Date>();
    }
  }
  for await (const item of hub.events(inbox)) {
    expectTypeOf(item.name).toEqualTypeOf<"inbox">();
    // @ts-expect-error -- a gap has no data
    void item.data;
  }
  // Addresses of a list that is made elsewhere.
  const rooms = ["tea", "cake"].map((roomId) => chat.room({ roomId }));
  expectTypeOf(hub.events(rooms)).toEqualTypeOf<EventReader<typeof chat, "room">>();
}

// … events refuses other addresses and options
{
  // @ts-expect-error -- a path is no address
  hub.events("rooms/lobby");
  // @ts-expect-error -- the channel function itself
  hub.events(chat.room);
  // @ts-expect-error -- an address of another contract
  hub.events(plain.clock());
  // @ts-expect-error -- an address of another contract in a list
  hub.events([lobby, plain.clock()]);
  // @ts-expect-error -- no such option
  hub.events(lobby, { from: null });
  // @ts-expect-error -- a cursor is a text
  hub.events(lobby, { after: 5 });
  // @ts-expect-error -- a controller is no signal
  hub.events(lobby, { signal: new AbortController() });
}

// … there is no publishIn where the log has no transactions
{
  // @ts-expect-error -- memoryLog is not transactional
  void hub.publishIn;
}

// … and where it has, it takes the log's own transactions, and what publish takes
{
  interface Transaction {
    readonly commit: () => void;
  }
  // Only its type is looked at.
  const shared = log as unknown as TransactionalLog<Transaction>;
  const transactional = createHub(chat, { log: shared, authorize: () => true, snapshot });
  const transaction: Transaction = { commit: () => {} };
  expectTypeOf(transactional.publishIn(transaction, lobby, "message", { text: "hi", sentAt })).toEqualTypeOf<
    Promise<void>
  >();
  void transactional.publish(lobby, "message", { text: "hi", sentAt });
  void transactional.publishIn(transaction, lobby, "topic", { text: "tea" }, { expects: null });
  // @ts-expect-error -- every reliable event counts
  void transactional.publishIn(transaction, lobby, "message", { text: "hi", sentAt }, { expects: null });
  // @ts-expect-error -- no transaction of this log
  void transactional.publishIn("tx", lobby, "message", { text: "hi", sentAt });
  // @ts-expect-error -- no such event
  void transactional.publishIn(transaction, lobby, "shout", { text: "hi" });
  // @ts-expect-error -- a field is missing
  void transactional.publishIn(transaction, lobby, "message", { text: "hi" });
}

// … selectors name a viewer, an address or both
{
  void hub.disconnect({ viewer: "ada" });
  void hub.recheck({ address: lobby, viewer: "ada" });
  // @ts-expect-error -- a viewer is named by its id
  void hub.disconnect({ viewer: { id: "ada" } });
  // @ts-expect-error -- no such selector
  void hub.disconnect({ connection: 5 });
}

// Authorize
// … is narrowed by name
{
  createHub(chat, {
    log,
    snapshot,
    authorize: ({ name, params, viewer }) => {
      expectTypeOf(viewer).toEqualTypeOf<Viewer>();
      if (name === "room") {
        expectTypeOf(params).toEqualTypeOf<{ readonly roomId: string }>();
        return { expiresAt: 5 };
      }
      expectTypeOf(params.userId).toEqualTypeOf<string>();
      // @ts-expect-error -- a param of the other channel
      void params.roomId;
      return params.userId === viewer.id;
    },
  });
  // @ts-expect-error -- no such channel
  createHub(chat, { log, snapshot, authorize: ({ name }) => name === "rooms" });
}

// … may answer a decision only, and nothing is none
{
  createHub(chat, { log, snapshot, authorize: async () => null });
  // @ts-expect-error -- the return was forgotten
  createHub(chat, { log, snapshot, authorize: ({ params }) => void ("roomId" in params) });
  createHub(chat, {
    log,
    snapshot,
    // @ts-expect-error -- and in an asynchronous function
    authorize: async ({ viewer }) => {
      await Promise.resolve(viewer.id);
    },
  });
  // @ts-expect-error -- undefined is no decision: say `?? false`
  createHub(chat, { log, snapshot, authorize: ({ viewer }) => new Map([["ada", true]]).get(viewer.id) });
  // @ts-expect-error -- a truthy value is no decision
  createHub(chat, { log, snapshot, authorize: () => "yes" });
  // @ts-expect-error -- a Date is no time
  createHub(chat, { log, snapshot, authorize: () => ({ expiresAt: new Date() }) });
}

// … is required
{
  // @ts-expect-error -- who may read has to be said
  createHub(chat, { log, snapshot });
}

// Snapshot
// … is required if and only if the contract has one
{
  createHub(plain, { log, authorize: () => true });
  // @ts-expect-error -- room has a snapshot
  createHub(chat, { log, authorize: () => true });
  // @ts-expect-error -- the contract has none
  createHub(plain, { log, authorize: () => true, snapshot: {} });
}

// … is typed per channel
{
  createHub(chat, {
    log,
    authorize: () => true,
    snapshot: {
      room: async (params, { readableFrom }) => {
        expectTypeOf(params).toEqualTypeOf<{ readonly roomId: string }>();
        expectTypeOf(readableFrom).toEqualTypeOf<string | null>();
        return { since: new Date() };
      },
    },
  });
  // @ts-expect-error -- encoded instead of decoded
  createHub(chat, { log, authorize: () => true, snapshot: { room: () => ({ since: "2026" }) } });
  // @ts-expect-error -- inbox has no snapshot
  createHub(chat, { log, authorize: () => true, snapshot: { ...snapshot, inbox: () => ({}) } });
}

interface Member extends Viewer {
  readonly admin: boolean;
}

/** What an application has: no parameter, or one that says its type. */
const whoIs = (request: HubRequest): Member => ({ id: request.headers.get("authorization") ?? "", admin: false });

// The viewer is what authenticate says (docs/decisions/inference.md)
// … when authenticate comes first
{
  createHub(plain, {
    log,
    authenticate: (request) => ({ id: request.url, admin: true }),
    authorize: ({ viewer }) => viewer.admin,
    onConnect: ({ viewer }) => expectTypeOf(viewer.admin).toEqualTypeOf<boolean>(),
  });
}

// … in any order when authenticate is a function of its own, has no parameter, or an annotated one
{
  createHub(plain, { authorize: ({ viewer }) => viewer.admin, authenticate: whoIs, log });
  createHub(plain, { authorize: ({ viewer }) => viewer.admin, authenticate: () => ({ id: "ada", admin: true }), log });
  createHub(plain, {
    authorize: ({ viewer }) => viewer.admin,
    authenticate: async (request: HubRequest) => whoIs(request),
    log,
  });
}

// … but not when authenticate has a parameter without a type and comes later
{
  createHub(plain, {
    log,
    // @ts-expect-error -- the viewer is not known yet
    authorize: ({ viewer }) => viewer.admin,
    authenticate: (request) => ({ id: request.url, admin: true }),
  });
}

// The request of the framework
// … is what authenticate declares, and the adapters ask for it
{
  interface Session {
    readonly user: string;
  }
  type SessionRequest = IncomingMessage & Session;
  const withSession = createHub(plain, {
    log,
    authorize: ({ viewer }) => viewer.admin,
    authenticate: ({ raw }: HubRequest<SessionRequest>) => ({ id: raw.user, admin: true }),
  });
  const onNode = toNodeHandler(withSession);
  expectTypeOf(onNode).parameter(0).toExtend<SessionRequest>();
  expectTypeOf(onNode).returns.toEqualTypeOf<Promise<void>>();
  const use = (_handler: (request: SessionRequest, response: ServerResponse) => unknown): void => {};
  use(onNode);
  const usePlain = (_handler: (request: IncomingMessage, response: ServerResponse) => unknown): void => {};
  // @ts-expect-error -- node:http has no user
  usePlain(onNode);
  const withContext = createHub(plain, {
    log,
    authorize: () => true,
    authenticate: ({ raw }: HubRequest<Session>) => ({ id: raw.user }),
  });
  const onFetch = toFetchHandler(withContext);
  void onFetch(new Request("http://x"), { raw: { user: "ada" } });
  // @ts-expect-error -- the session is missing
  void onFetch(new Request("http://x"));
}

// … is unknown without a declaration, and every adapter takes the hub
{
  const open = createHub(plain, {
    log,
    authenticate: (request) => {
      expectTypeOf(request.raw).toBeUnknown();
      return { id: request.url };
    },
    authorize: () => true,
  });
  const use = (_handler: (request: IncomingMessage, response: ServerResponse) => unknown): void => {};
  use(toNodeHandler(open));
  interface RuntimeInfo {
    readonly remoteAddress: string;
  }
  const serve = (_handler: (request: Request, info: RuntimeInfo) => Promise<Response>): void => {};
  serve(toFetchHandler(open));
  void toFetchHandler(open)(new Request("http://x"));
  const ofRequest = createHub(plain, {
    log,
    authenticate: ({ raw }: HubRequest<Request>) => ({ id: raw.url }),
    authorize: () => true,
  });
  void toFetchHandler(ofRequest)(new Request("http://x"));
}

// … null says nobody, and what has no id is no viewer
{
  createHub(plain, { log, authenticate: () => null, authorize: ({ viewer }) => viewer.id === "ada" });
  createHub(plain, {
    log,
    authenticate: async () => (Math.random() < 1 ? null : { id: "ada", admin: true }),
    authorize: ({ viewer }) => viewer.admin,
  });
  // @ts-expect-error -- no id
  createHub(plain, { log, authenticate: () => ({ name: "ada" }), authorize: () => true });
}
