import { describe, expect, test } from "vitest";
import { chat, createKit, inbox, lobby, other, type ClientKit } from "../../test/client-kit.ts";
import { live, MENTION } from "../../test/stream-kit.ts";

const onGap = () => {};
const person = (name: string) => chat.inbox({ userId: name });
async function keepAlive({ clock }: ClientKit, stream: { heartbeat(id: string): void }, seconds: number) {
  for (let s = 0; s < seconds; s += 10) {
    await clock.advance(10_000);
    stream.heartbeat("e.1");
  }
}
const seeded =
  (x = 12345) =>
  () =>
    (x = (x * 1103515245 + 12345) % 2147483648) / 2147483648;

test("a refusal that names one newcomer leaves the other one asked for", async () => {
  const kit = await live();
  const b = kit.client.subscribe(person("b"), { onGap });
  kit.client.subscribe(person("c"), { onGap });
  await kit.clock.advance(0);
  kit.server.stream.answer(403, { channels: [person("c").path] });
  await kit.clock.advance(5_000);
  kit.client.reconnect();
  await kit.clock.advance(5_000);
  expect(kit.server.streams).toHaveLength(3);
  expect(kit.server.stream.channels).toEqual([inbox.path, person("b").path]);
  expect(b.status.value.state).not.toBe("live");
});

describe("headers learn of a 401, whatever another answer says in the meantime", () => {
  test.each(["200", "502", "503"])("%s", async (beside) => {
    let token = "stale";
    const kit = createKit({
      headers: ({ reason }) => {
        if (reason === "unauthenticated") token = "fresh";
        return { authorization: token };
      },
    });
    kit.client.subscribe(lobby, { snapshot: () => {} });
    await kit.clock.advance(0);
    kit.server.stream.answer(401);
    await kit.clock.advance(10);
    if (beside === "200") kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
    else if (beside === "502") kit.server.page.intrude(502);
    else kit.server.page.answer(503);
    kit.server.onRequest = (request) => {
      if (request.headers.get("authorization") === "stale") request.answer(401);
      else if (request.isStream) request.live("e.1");
      else request.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
    };
    await kit.clock.advance(5_000);
    expect(kit.client.status.value).toEqual({ state: "live" });
  });
});

test("a newcomer gets an event that comes after the hello of its stream, also after one 503", async () => {
  const random = seeded(99);
  let lost = 0;
  for (let run = 0; run < 50; run++) {
    const kit = await live({ random });
    let head = 1;
    kit.server.onRequest = (request) => request.isStream || request.page({ cursor: `e.${head}` });
    const got: string[] = [];
    kit.client.subscribe(other, { onGap, mention: ({ by }) => got.push(by) });
    await kit.clock.advance(0);
    kit.server.stream.answer(503);
    const { length } = kit.server.streams;
    while (kit.server.streams.length === length) await kit.clock.advance(50);
    const stream = kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    head = 2;
    stream.event(`${other.path}:mention`, { by: "x" }, "e.2");
    await kit.clock.advance(10_000);
    if (got.length === 0) lost++;
  }
  expect(lost).toBe(0);
});

test("client.status does not flicker while every next stream is refused", async () => {
  const kit = await live({ random: seeded() });
  kit.server.onRequest = (request) => (request.isStream ? request.answer(503) : request.page({ cursor: "e.1" }));
  const b = kit.client.subscribe(person("b"), { onGap });
  const states: string[] = [];
  const since = new Set<number>();
  kit.client.status.subscribe((value) => {
    if (states.at(-1) !== value.state) states.push(value.state);
    if (value.state === "retrying") since.add(value.since);
  });
  await keepAlive(kit, kit.stream, 600);
  expect([states, since.size, kit.server.pages.length]).toEqual([["retrying"], 1, 0]);
  b.close();
});

describe("a newcomer during the pause of the next stream says why it waits", () => {
  test.each([
    ["Retry-After of a day", 503, { "retry-after": "86400" }],
    ["401 twice", 401, {}],
  ])("%s", async (_, status, headers) => {
    const kit = await live();
    kit.server.onRequest = (request) => request.answer(status, {}, headers);
    const a = kit.client.subscribe(person("a"), { onGap });
    await kit.clock.advance(5_000);
    a.close();
    kit.server.onRequest = (request) => (request.isStream ? request.live("e.1") : request.page({ cursor: "e.1" }));
    const b = kit.client.subscribe(person("b"), { onGap });
    await keepAlive(kit, kit.stream, 3_600);
    expect(b.status.value.state).not.toBe("connecting");
    expect(kit.client.status.value).toBe(b.status.value);
  });
});

test("nothing is asked for after the newcomer has left", async () => {
  const kit = await live();
  kit.server.onRequest = (request) => request.answer(503);
  const a = kit.client.subscribe(person("a"), { onGap });
  await kit.clock.advance(100);
  a.close();
  const { length } = kit.server.streams;
  await keepAlive(kit, kit.stream, 600);
  expect(kit.server.streams.length - length).toBe(0);
});

test("since is not older than the failure of the stream", async () => {
  const kit = await live();
  kit.server.onRequest = (request) => request.answer(503);
  const a = kit.client.subscribe(person("a"), { onGap });
  await kit.clock.advance(100);
  a.close();
  await keepAlive(kit, kit.stream, 600);
  const now = kit.clock.now();
  kit.stream.bye("max-age");
  await kit.clock.advance(0);
  expect(kit.client.status.value).toMatchObject({ reason: "max-age", since: now });
});

test("client.status says that the only subscription is retrying (unknown)", async () => {
  const kit = createKit();
  const only = kit.client.subscribe(inbox, { onGap });
  await kit.clock.advance(0);
  kit.server.stream.answer(404, { channels: [inbox.path] });
  await kit.clock.advance(10_000);
  expect(only.status.value).toMatchObject({ state: "retrying", reason: "unknown" });
  expect(kit.client.status.value).toBe(only.status.value);
});

test("what subscribes again in onClose does not ask without a pause", async () => {
  const kit = await live();
  let asked = 0;
  kit.server.onRequest = (r) => r.isStream && ++asked < 500 && r.answer(403, { channels: [other.path] });
  const again = () => kit.client.subscribe(other, { onGap, onClose: again });
  again();
  await kit.clock.advance(1_000);
  expect(asked).toBeLessThan(5);
});

test("one hello is missing, bytes come: the next stream is given up after connectTimeout", async () => {
  const kit = await live();
  kit.client.subscribe(other, { onGap });
  await kit.clock.advance(0);
  const next = kit.server.stream.open();
  for (let s = 0; s < 120; s++) {
    next.push(": x\n\n");
    if (s % 10 === 0) kit.stream.heartbeat("e.1");
    await kit.clock.advance(1_000);
  }
  expect(kit.server.streams.length).toBeGreaterThan(2);
});

test("behind a gap, a page that lags is followed by another one, also while something else begins", async () => {
  const kit = await live();
  kit.stream.gap({ [inbox.path]: "trimmed" });
  await kit.clock.advance(0);
  kit.client.subscribe(inbox, { onGap }, { after: "e.2" });
  kit.client.subscribe(other, { onGap }); // without this line it passes
  await kit.clock.advance(0);
  kit.server.page.page({ cursor: "e.3" });
  await kit.clock.advance(0);
  kit.stream.event(MENTION, { by: "7" }, "e.7");
  kit.stream.heartbeat("e.7");
  await kit.clock.advance(0);
  expect(kit.server.pages.map(({ after }) => after)).toEqual(["e.2", "e.3"]);
});

test("gaps while switching do not ask without a pause", async () => {
  const kit = await live();
  kit.client.subscribe(other, { onGap });
  await kit.clock.advance(0);
  for (let seq = 2; seq < 202; seq++) {
    kit.stream.gap({ "nobody/asked": "trimmed" });
    kit.stream.heartbeat(`e.${seq}`);
    await kit.clock.advance(1);
  }
  expect(kit.server.streams.length).toBeLessThan(10);
});

test("after one failed page, subscriptions share the next one, too", async () => {
  const kit = createKit({ random: seeded(4711) });
  kit.server.onRequest = (r) => {
    if (r.isStream) r.live("e.1");
    else if (kit.server.pages.length === 1) r.answer(503);
    else r.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
  };
  for (let i = 0; i < 2_000; i++) kit.client.subscribe(lobby, { snapshot: () => {} });
  await kit.clock.advance(5_000);
  expect(kit.server.pages.length).toBeLessThan(20);
});

describe("an option that is undefined is left out, and headers that are nothing end the attempt", () => {
  test.each([
    ["connectTimeout", { connectTimeout: undefined }],
    ["headers", { headers: undefined }],
    ["headers that return nothing", { headers: async () => undefined }],
  ])("%s", async (_, options) => {
    const kit = createKit(options as never);
    kit.client.subscribe(inbox, { onGap });
    await kit.clock.advance(60_000);
    expect(kit.server.requests.length > 0 || kit.client.status.value.state === "closed").toBe(true);
  });
});

test("status before the first, and of the next subscription", async () => {
  const kit = createKit();
  const seen = [kit.client.status.value.state];
  const first = kit.client.subscribe(inbox, { onGap });
  await kit.clock.advance(0);
  kit.server.stream.live("e.1");
  await kit.clock.advance(0);
  first.close();
  await kit.clock.advance(5_000);
  seen.push(kit.client.status.value.state, kit.client.subscribe(inbox, { onGap }).status.value.state);
  expect(seen).toEqual(["idle", "idle", "connecting"]);
});
test("a bye that says offline is retried", async () => {
  const kit = await live();
  kit.stream.bye("offline" as never);
  await kit.clock.advance(3_600_000);
  expect(kit.server.streams.length).toBeGreaterThan(1);
});
