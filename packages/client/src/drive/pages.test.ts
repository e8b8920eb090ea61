import { describe, expect, test } from "vitest";
import { inbox } from "../../test/client-kit.ts";
import { catchingUp, mention, MENTION } from "../../test/subscription-kit.ts";

describe("a page", () => {
  test.each([
    [500, 3_000],
    [429, 3_000],
    [408, 3_000],
    [null, 3_000],
    [404, 60_000],
    [401, 500],
  ])("that fails with %s is asked for again after %d ms", async (status, wait) => {
    const { server, clock, reports } = await catchingUp();
    if (status === null) server.page.fail();
    else server.page.answer(status, status === 404 ? { channels: [inbox.path] } : {});
    await clock.advance(0);
    const stream = server.stream.live("e.5");
    for (let passed = 0; passed < wait - 50; passed += 50) {
      if (passed % 10_000 === 0) stream.push(":");
      await clock.advance(50);
    }
    expect(server.pages).toHaveLength(1);
    await clock.advance(60);
    expect(server.pages).toHaveLength(2);
    server.page.page({ cursor: "e.5", events: [mention(5)] });
    await clock.advance(0);
    expect(reports).toEqual(["5"]);
  });

  test("that breaks off in the middle is the network's fault", async () => {
    const { server, clock, subscription, errors } = await catchingUp();
    server.page.breakOff();
    await clock.advance(0);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "network" });
    expect(errors).toMatchObject([{ code: "network" }]);
  });

  test.each([403, 503])(
    "and so is the answer %d of a hub that breaks off: nobody has to check the url",
    async (status) => {
      const { server, clock, subscription, errors } = await catchingUp();
      server.page.breakOff(new TypeError("terminated"), status);
      await clock.advance(0);
      expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "network" });
      expect(errors).toMatchObject([{ code: "network" }]);
    },
  );

  test("that fails shows in the status of its subscription, and so in the client's", async () => {
    const { client, server, clock, subscription } = await catchingUp();
    server.page.answer(503, {}, { "retry-after": "7" });
    await clock.advance(0);
    expect(subscription.status.value).toMatchObject({
      state: "retrying",
      reason: "unavailable",
      at: clock.now() + 8_000,
    });
    expect(client.status.value).toBe(subscription.status.value);
    await clock.advance(8_000);
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    expect(client.status.value).toEqual({ state: "live" });
  });

  test("that has failed and then worked leaves no failures behind", async () => {
    const { server, clock } = await catchingUp();
    for (let failure = 0; failure < 3; failure++) {
      server.page.answer(500);
      await clock.advance(12_000);
    }
    server.page.page({ cursor: "e.2", events: [mention(2)], more: true });
    await clock.advance(0);
    const pages = server.pages.length;
    server.page.answer(500);
    await clock.advance(3_000);
    expect(server.pages).toHaveLength(pages + 1);
  });

  test.each([
    [204, "finished", []],
    [403, "forbidden", ["refused"]],
    [400, "rejected", ["refused"]],
    [404, "rejected", ["refused"]],
  ])("with status %d ends the subscription: %s", async (status, reason, errors) => {
    const { server, clock, subscription, errors: reports } = await catchingUp();
    server.page.answer(status);
    await clock.advance(0);
    expect(subscription.status.value).toMatchObject({ state: "closed", reason });
    expect(reports.map(({ code }) => code)).toEqual(errors);
  });

  test("with 401 twice waits for reconnect, and then goes on from where it was", async () => {
    const { server, clock, subscription, client } = await catchingUp();
    server.page.answer(401);
    await clock.advance(500);
    server.page.answer(401);
    await clock.advance(0);
    const ended = { state: "closed", reason: "unauthenticated" };
    expect(subscription.status.value).toMatchObject(ended);
    expect(client.status.value).toMatchObject(ended);
    const { after } = server.page;
    await clock.advance(600_000);
    const count = server.pages.length;
    client.reconnect();
    await clock.advance(0);
    expect(server.pages).toHaveLength(count + 1);
    expect(server.page.after).toBe(after);
  });

  test.each([
    ["other JSON", {}],
    ["no cursor", { events: [], more: false, cursor: "soon" }],
    ["a text", "page"],
  ])("that is %s is said to be bad, and asked for again", async (_, body) => {
    const { server, clock, errors } = await catchingUp();
    server.page.answer(200, Object(body) as object);
    await clock.advance(3_000);
    expect(errors).toMatchObject([{ code: "bad-response" }]);
    expect(server.pages).toHaveLength(2);
  });

  test("that refuses the channel ends it, and that does not know it is asked for again after a minute", async () => {
    const { server, clock, subscription } = await catchingUp();
    server.page.page({ cursor: "e.5", refused: { [inbox.path]: "unknown" } });
    await clock.advance(0);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unknown" });
    await clock.advance(60_000);
    server.page.page({ cursor: "e.5", refused: { [inbox.path]: "forbidden" } });
    await clock.advance(0);
    expect(subscription.status.value).toMatchObject({ state: "closed", reason: "forbidden" });
  });

  test("that is not answered is given up after connectTimeout", async () => {
    const { server, clock, subscription, stream } = await catchingUp();
    await clock.advance(14_000);
    stream.heartbeat("e.5");
    await clock.advance(1_100);
    expect(server.page.aborted).toBe(true);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("is asked for with pauses while the network is away, and at once when it is back", async () => {
    const { server, clock, network } = await catchingUp();
    network.set(false);
    server.onRequest = (request) => request.fail();
    server.page.fail();
    await clock.advance(300_000);
    expect(server.pages.length).toBeLessThan(30);
    const before = server.pages.length;
    server.onRequest = null;
    network.set(true);
    await clock.advance(0);
    server.stream.live("e.5");
    await clock.advance(0);
    expect(server.pages).toHaveLength(before + 1);
  });

  test("of a copy that lags behind the stream neither spins nor loses", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    stream.event(MENTION, { by: "7" }, "e.7");
    await clock.advance(0);
    for (let stale = 0; stale < 5; stale++) {
      server.page.page({ cursor: stale === 0 ? "e.5" : "e.3" });
      await clock.advance(14_000);
      stream.heartbeat("e.7");
    }
    expect(server.pages.length).toBeLessThan(8);
    server.page.page({ cursor: "e.7", events: [mention(7)] });
    await clock.advance(0);
    stream.event(MENTION, { by: "8" }, "e.8");
    await clock.advance(0);
    expect(reports).toEqual(["7", "8"]);
  });

  test("of another epoch than the stream joins when the stream's heartbeat has come into it", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "f.9", events: [mention(9, "f")] });
    await clock.advance(0);
    const joins = server.pages.length;
    stream.heartbeat("f.9");
    await clock.advance(0);
    server.page.page({ cursor: "f.9" });
    await clock.advance(0);
    stream.event(MENTION, { by: "10" }, "f.10");
    await clock.advance(0);
    expect(reports).toEqual(["9", "10"]);
    expect(joins).toBe(2);
  });

  test("that nobody wants any more is not handled", async () => {
    const { reports, server, clock, subscription } = await catchingUp();
    subscription.close();
    server.page.page({ cursor: "e.5", events: [mention(5)] });
    await clock.advance(0);
    expect(reports).toEqual([]);
  });

  test.each([
    ["an event that is null", { events: [null, mention(2)] }],
    ["a gap that names nothing", { gap: {} }],
    ["a gap that is no object", { gap: true }],
    ["no events", { events: null }],
    ["no cursor", { cursor: 7 }],
  ])("with %s is reported, and asked for again: nothing is lost", async (_, part) => {
    const { reports, errors, server, clock } = await catchingUp();
    server.page.answer(200, { events: [mention(2)], cursor: "e.5", more: false, ...part });
    await clock.advance(0);
    expect(errors).toMatchObject([{ code: "bad-response" }]);
    expect(reports).toEqual([]);
    await clock.advance(5_000);
    expect(server.pages).toHaveLength(2);
    server.page.page({ cursor: "e.5", events: [mention(2)] });
    await clock.advance(0);
    expect(reports).toEqual(["2"]);
  });
});
