// What a client does about limits and about data that it cannot read. Each law returns what is wrong, in virtual time.
import { chat, createKit, lobby, other } from "../../../packages/client/test/client-kit.ts";
import type { FakeRequest } from "../../../packages/client/test/fake-server.ts";
import { live, MENTION } from "../../../packages/client/test/stream-kit.ts";
import { joined, MESSAGE } from "../../../packages/client/test/subscription-kit.ts";

/** A server that never stops answering a client would keep a broken one busy for ever. */
const MOST_REQUESTS = 200;
const MANY = 25;
const LIMIT = 10;

type Faults = readonly string[];

/** What was expected and is not so. */
function differences(facts: Readonly<Record<string, readonly [got: unknown, expected: unknown]>>): Faults {
  return Object.entries(facts).flatMap(([name, [got, expected]]) => {
    const [one, another] = [JSON.stringify(got), JSON.stringify(expected)];
    return one === another ? [] : [`${name}: expected ${another}, got ${one}.`];
  });
}

async function followMany(): Promise<Faults> {
  const kit = createKit({ maxEventBytes: 1_000_000 });
  const { server, clock, client } = kit;
  const streams: FakeRequest[] = [];
  server.onRequest = (request) => {
    if (server.requests.length > MOST_REQUESTS) return;
    if (request.channels.length > LIMIT) request.answer(400, { limit: LIMIT });
    else if (request.isStream) {
      streams.push(request);
      request.live("e.1");
    } else {
      const paths = request.channels.map((channel) => channel.split("@")[0] ?? "");
      const state: Record<string, unknown> = {};
      for (const path of paths) state[path] = { messages: [path] };
      request.page({ cursor: "e.1", state });
    }
  };
  const rooms = Array.from({ length: MANY }, (_, index) => chat.room({ roomId: `${index}` }));
  const states: string[] = [];
  const subscriptions = rooms.map((room) =>
    client.subscribe(room, { snapshot: ({ messages }) => states.push(...messages) }),
  );
  for (let second = 0; second < 30; second++) await clock.advance(1_000);
  const paths = rooms.map(({ path }) => path).toSorted();
  const followed = streams.filter(({ aborted }) => !aborted).flatMap(({ channels }) => channels);
  const waiting = subscriptions.filter(({ status }) => status.value.state !== "live");
  const busy = server.requests.length > 40;
  client.close();
  return differences({
    "channels of the streams": [followed.toSorted(), paths],
    states: [states.toSorted(), paths],
    "subscriptions that are not live": [waiting.length, 0],
    "too many requests": [busy, false],
  });
}

async function passByWhatIsTooLarge(): Promise<Faults> {
  const kit = await live({ maxEventBytes: 1_000 });
  const heard: string[] = [];
  kit.client.subscribe(other, { mention: ({ by }) => heard.push(by), onGap: () => heard.push("gap") });
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  stream.event(MENTION, { by: "x".repeat(2_000) }, "e.2");
  stream.event(`${other.path}:mention`, { by: "3" }, "e.3");
  stream.event(MENTION, { by: "4" }, "e.4");
  await kit.clock.advance(0);
  const { length: streams } = kit.server.streams;
  // A page that is too large cannot be had by asking once more.
  const late: string[] = [];
  kit.server.onRequest = (request) => request.isStream || request.flood();
  kit.client.subscribe(chat.inbox({ userId: "late" }), { onGap: ({ reason }) => late.push(reason) }, { after: "e.1" });
  kit.server.onRequest = (request) => {
    if (request.isStream) request.live("e.4");
    else if (request.after === "e.1") request.flood();
    else request.page({ cursor: "e.4" });
  };
  for (let second = 0; second < 30; second++) await kit.clock.advance(1_000);
  kit.client.close();
  return differences({
    gaps: [kit.gaps, ["too-large after e.1"]],
    "events behind it": [kit.heard, ["4"]],
    "events of the others": [heard, ["3"]],
    streams: [streams, 2],
    "gaps of a page": [late, ["too-large"]],
  });
}

async function goOnBehindWhatIsUnreadable(): Promise<Faults> {
  const kit = await joined();
  const { clock, server, stream, subscription, reports, errors } = kit;
  for (let seq = 2; seq < 12; seq++) {
    server.onRequest = (request) => request.page({ cursor: `e.${seq}`, state: { [lobby.path]: { messages: ["a"] } } });
    stream.event(MESSAGE, { text: 5 }, `e.${seq}`);
    await clock.advance(1_000);
  }
  const { degraded } = { degraded: undefined, ...subscription.status.value };
  stream.event(MESSAGE, { text: "fits" }, "e.12");
  await clock.advance(0);
  const { state } = subscription.status.value;
  const last = reports.at(-1);
  const gaps = reports.filter((report) => report.startsWith("gap unreadable"));
  const pages = server.pages.length;
  kit.client.close();
  return differences({
    // A state that is loaded at this moment covers what the stream brings meanwhile.
    "too few errors": [errors.length < 8, false],
    "other errors": [errors.filter(({ code }) => code !== "invalid-data"), []],
    gaps: [gaps.length, errors.length],
    "too many loads of the state": [pages > 3, false],
    degraded: [degraded === undefined, false],
    "what follows": [last, "fits e.12"],
    status: [state, "live"],
  });
}

export const laws = {
  parts: followMany,
  "too large": passByWhatIsTooLarge,
  unreadable: goOnBehindWhatIsUnreadable,
};
export type LawName = keyof typeof laws;
