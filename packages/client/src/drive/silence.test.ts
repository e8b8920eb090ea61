import { describe, expect, test } from "vitest";
import { createKit, inbox, other, watch, type ClientKit } from "../../test/client-kit.ts";
import { follow, live, MENTION, untilNext } from "../../test/stream-kit.ts";

describe("silence", () => {
  test("of 2.5 heartbeats is the end of a connection", async () => {
    const kit = await live();
    await kit.clock.advance(37_400);
    expect(kit.server.stream.aborted).toBe(false);
    await kit.clock.advance(200);
    expect(kit.server.stream.aborted).toBe(true);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("is noticed in time, also right after a hello that promises a shorter heartbeat", async () => {
    const kit = await follow();
    kit.server.stream.live("e.1", { heartbeat: 1_000 });
    await kit.clock.advance(2_400);
    expect(kit.client.status.value).toEqual({ state: "live" });
    await kit.clock.advance(200);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("is broken by any byte, also of a comment or half an event", async () => {
    const kit = await live();
    for (let beat = 0; beat < 4; beat++) {
      await kit.clock.advance(30_000);
      kit.stream.push(":");
    }
    await kit.clock.advance(30_000);
    expect(kit.server.stream.aborted).toBe(false);
  });

  test("is measured by the wall clock when a timer has slept", async () => {
    const kit = await live();
    kit.clock.sleep(3_600_000);
    await kit.clock.advance(0);
    expect(kit.server.stream.aborted).toBe(true);
  });

  test("is noticed also when the wall clock was set back", async () => {
    const kit = await live();
    const { stream } = kit.server;
    kit.clock.jump(-3_600_000);
    await kit.clock.advance(40_000);
    expect(stream.aborted).toBe(true);
  });

  test("is noticed when the page is looked at again", async () => {
    const kit = await live();
    kit.clock.sleep(3_600_000);
    kit.network.look();
    expect(kit.server.stream.aborted).toBe(true);
  });

  test.each([0, -1, "soon", null])("has the default where the heartbeat is %j", async (heartbeat) => {
    const kit = await follow();
    kit.server.stream.open().push(`event: hello\ndata: {"heartbeat":${JSON.stringify(heartbeat)}}\nid: e.1\n\n`);
    await kit.clock.advance(37_400);
    expect(kit.server.stream.aborted).toBe(false);
    await kit.clock.advance(200);
    expect(kit.server.stream.aborted).toBe(true);
  });

  test.each([
    ["before the head", () => {}],
    ["between the head and the hello", (kit: ClientKit) => void kit.server.stream.open()],
  ])("%s ends the attempt when connectTimeout is over", async (_, begin) => {
    const kit = await follow({ connectTimeout: 8_000 });
    begin(kit);
    await kit.clock.advance(7_900);
    expect(kit.server.stream.aborted).toBe(false);
    await kit.clock.advance(200);
    expect(kit.server.stream.aborted).toBe(true);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("of the application's own headers function ends the attempt, too", async () => {
    let asked = 0;
    const kit = await follow({ headers: () => (asked++, new Promise(() => {})) });
    await kit.clock.advance(18_100);
    expect(asked).toBe(2);
    expect(kit.server.requests).toHaveLength(0);
  });

  test("of a fetch that ignores its signal ends the attempt, and its late answer is thrown away", async () => {
    const kit = createKit();
    let resolve: (response: Response) => void = () => {};
    let asked = 0;
    let cancelled = 0;
    const deaf = createKit({ clock: kit.clock, fetch: () => (asked++, new Promise((settle) => (resolve = settle))) });
    deaf.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    const first = resolve;
    await kit.clock.advance(18_100);
    expect(asked).toBe(2);
    const body = { cancel: async () => void cancelled++ };
    first({ status: 200, headers: new Headers({ "content-type": "text/event-stream" }), body } as unknown as Response);
    await kit.clock.advance(0);
    expect(cancelled).toBe(1);
  });
});

describe("the network", () => {
  test("that is away is tried with growing pauses, and at once when it is back", async () => {
    const kit = await live();
    const seen = watch(kit.client.status);
    kit.network.set(false);
    kit.stream.break();
    kit.server.onRequest = (request) => request.fail();
    await kit.clock.advance(600_000);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "offline" });
    expect(kit.server.streams.length).toBeGreaterThan(10);
    expect(kit.server.streams.length).toBeLessThan(60);
    expect(new Set(seen)).toEqual(new Set(["live", "retrying: offline"]));
    expect(kit.errors.map(({ code }) => code)).toContain("network");
    kit.server.onRequest = null;
    kit.network.set(true);
    await kit.clock.advance(0);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(seen.at(-1)).toBe("live");
  });

  test("that is said to be away, and is there, changes nothing: the stream proves that it lives", async () => {
    const kit = await live();
    const seen = watch(kit.client.status);
    kit.network.set(false);
    await kit.clock.advance(100);
    kit.server.stream.live("e.1").event(MENTION, { by: "still here" }, "e.2");
    await kit.clock.advance(30_000);
    expect(kit.heard).toEqual(["still here"]);
    expect(seen).toEqual(["live"]);
    // It is still said to be away: a page and a new client are not held up, either.
    const history = kit.client.history(inbox);
    await kit.clock.advance(0);
    kit.server.page.page({ cursor: "e.2" });
    expect(await history).toMatchObject({ cursor: "e.2" });
  });

  test("that comes back ends the wait after a break", async () => {
    const kit = await live();
    kit.stream.break();
    await kit.clock.advance(100);
    kit.network.look();
    await kit.clock.advance(0);
    expect(kit.server.streams).toHaveLength(2);
  });

  test("of a visible page does not end an attempt under way, however long ago the last byte was", async () => {
    const kit = await live();
    kit.stream.break();
    await kit.clock.advance(3_000);
    for (let attempt = 0; attempt < 4; attempt++) {
      kit.server.stream.fail();
      await untilNext(kit);
    }
    kit.network.look();
    expect(kit.server.stream.aborted).toBe(false);
  });

  test("that is said to be away from the beginning is tried all the same", async () => {
    const kit = createKit();
    kit.network.set(false);
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(kit.client.status.value).toEqual({ state: "live" });
  });
});

describe("a stream that ends while the next one is asked for", () => {
  test("is shown as lost when the next one does not come within three seconds", async () => {
    const { server, client, clock, stream } = await live();
    client.subscribe(other, { onGap: () => {} });
    await clock.advance(0);
    stream.end();
    await clock.advance(0);
    expect(client.status.value).toEqual({ state: "live" });
    await clock.advance(3_000);
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
    // It is still waited for.
    server.stream.live("e.1");
    await clock.advance(0);
    expect(client.status.value).toEqual({ state: "live" });
  });

  test("is shown as lost when it has refused some paths, and the request for the others hangs", async () => {
    const { client, clock, stream, subscription } = await live();
    client.subscribe(other, { onGap: () => {} });
    await clock.advance(0);
    stream.bye("unknown");
    await clock.advance(3_000);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unknown" });
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });
});
