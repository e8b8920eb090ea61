import { describe, expect, test } from "vitest";
import { inbox, other, watch } from "../../test/client-kit.ts";
import type { FakeStream } from "../../test/fake-server.ts";
import { follow, live, MENTION, untilNext } from "../../test/stream-kit.ts";

describe("a stream that ends", () => {
  test.each([
    ["bare", (stream: FakeStream) => stream.end()],
    ["by a break", (stream: FakeStream) => stream.break()],
    [
      "inside an event",
      (stream: FakeStream) => (stream.push(`event: ${MENTION}\ndata: {"by":"x"}\nid: e.9`), stream.break()),
    ],
  ])("%s is asked for again from the last event that was handled, after retry and jitter", async (_, end) => {
    const kit = await live();
    kit.stream.event(MENTION, { by: "bob" }, "e.2");
    await kit.clock.advance(0);
    end(kit.stream);
    expect(await untilNext(kit)).toBe(3_000);
    expect(kit.server.stream.after).toBe("e.2");
    expect(kit.heard).toEqual(["bob"]);
  });

  test("at once is a failure each time, also with retry: 0", async () => {
    const kit = await live();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      kit.server.stream.live("e.1", { retry: 0 }).end();
      waits.push(await untilNext(kit));
    }
    expect(waits.slice(1)).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  test.each(["draining", "limit"] as const)("at once with bye %s is a failure, too", async (reason) => {
    const kit = await live();
    kit.stream.push("retry: 0\n\n");
    kit.stream.bye(reason);
    await untilNext(kit);
    kit.server.stream.live("e.1", { retry: 0 }).bye(reason);
    expect(await untilNext(kit)).toBe(500);
  });

  test("with bye max-age is never a failure, however short the streams are", async () => {
    const kit = await live();
    kit.stream.push("retry: 1500\n\n");
    const waits: number[] = [];
    let { stream } = kit;
    for (let round = 0; round < 5; round++) {
      await kit.clock.advance(8_000);
      stream.bye("max-age");
      waits.push(await untilNext(kit));
      stream = kit.server.stream.live("e.1", { retry: 1_500 });
    }
    expect(waits).toEqual([1_500, 1_500, 1_500, 1_500, 1_500]);
  });

  test("with bye expired again within a minute is a failure", async () => {
    const kit = await live();
    kit.stream.bye("expired");
    expect(await untilNext(kit)).toBe(500);
    kit.server.stream.live("e.1").bye("expired");
    expect(await untilNext(kit)).toBe(3_000);
    kit.server.stream.live("e.1").bye("expired");
    expect(await untilNext(kit)).toBe(4_000);
  });

  test("after a good minute has its failures forgotten", async () => {
    const kit = await live();
    for (let attempt = 0; attempt < 5; attempt++) {
      kit.server.stream.live("e.1").end();
      await untilNext(kit);
    }
    const stream = kit.server.stream.live("e.1");
    for (let beat = 0; beat < 5; beat++) {
      await kit.clock.advance(15_000);
      stream.heartbeat("e.1");
    }
    stream.end();
    expect(await untilNext(kit)).toBe(3_000);
  });

  test("is not taken for healthy because it took long to connect", async () => {
    const kit = await follow({ connectTimeout: 90_000 });
    const waits: number[] = [];
    waits.push((await untilNext(kit)) - 90_000);
    kit.server.stream.fail();
    waits.push(await untilNext(kit));
    expect(waits).toEqual([3_000, 4_000]);
  });

  test.each([
    ["draining", 2_000],
    ["max-age", 2_000],
    ["expired", 500],
    ["limit", 3_000],
  ] as const)("with bye %s comes back after %d ms", async (reason, wait) => {
    const kit = await live();
    const seen = watch(kit.client.status);
    await kit.clock.advance(12_000);
    kit.stream.bye(reason);
    expect(await untilNext(kit)).toBe(wait);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(seen).toEqual(["live", `retrying: ${reason}`, "live"]);
  });

  test("with bye forbidden ends what it followed; the client can follow something else", async () => {
    const kit = await live();
    kit.stream.bye("forbidden");
    await kit.clock.advance(100_000);
    expect(kit.closed).toEqual(["forbidden"]);
    expect(kit.server.streams).toHaveLength(1);
    expect(kit.client.status.value).toMatchObject({ state: "idle", ended: { reason: "forbidden" } });
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(0);
    expect(kit.server.streams).toHaveLength(2);
    // Nothing that was followed before: it begins now.
    expect(kit.server.stream.after).toBeNull();
  });

  test("with bye unknown is asked for again after a minute", async () => {
    const kit = await live();
    const seen = watch(kit.subscription.status);
    kit.stream.bye("unknown");
    expect(await untilNext(kit)).toBe(60_000);
    kit.server.stream.live("e.5");
    await kit.clock.advance(0);
    kit.server.page.page({ cursor: "e.5" });
    await kit.clock.advance(0);
    expect(seen).toEqual(["live", "retrying: unknown", "live"]);
  });
});

describe("a status", () => {
  test.each([
    [204, "finished", 0],
    [403, "forbidden", 1],
    [404, "rejected", 1],
    [400, "rejected", 1],
    [413, "rejected", 1],
  ])("%d ends everything, with the reason %s", async (status, reason, errors) => {
    const kit = await follow();
    kit.server.stream.answer(status);
    await kit.clock.advance(200_000);
    expect(kit.server.streams).toHaveLength(1);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason });
    expect(kit.closed).toEqual([reason]);
    expect(kit.errors.map(({ code }) => code)).toEqual(errors === 0 ? [] : ["refused"]);
    expect(kit.clock.pending).toBe(0);
    expect(kit.network.listeners).toBe(0);
  });

  test.each([408, 429, 500, 502, 503])("%d is tried again, with growing waits", async (status) => {
    const kit = await follow();
    const seen = watch(kit.client.status);
    kit.server.stream.answer(status);
    expect(await untilNext(kit)).toBe(3_000);
    kit.server.stream.answer(status);
    expect(await untilNext(kit)).toBe(4_000);
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect(seen).toEqual(["connecting", "retrying: unavailable", "retrying: unavailable", "live"]);
    expect(kit.errors).toMatchObject([{ code: "refused" }]);
  });

  test("with Retry-After is not tried again earlier, also when the page is looked at", async () => {
    const kit = await follow();
    kit.server.stream.answer(503, {}, { "retry-after": "20" });
    await kit.clock.advance(0);
    kit.network.look();
    expect(await untilNext(kit)).toBe(21_000);
  });

  test("401 gets one attempt with fresh credentials, then nothing is asked until reconnect", async () => {
    let token = 0;
    const kit = await follow({ headers: async () => ({ authorization: `Bearer ${++token}` }) });
    kit.server.stream.answer(401);
    expect(await untilNext(kit)).toBe(500);
    expect(kit.server.stream.headers.get("authorization")).toBe("Bearer 2");
    kit.server.stream.answer(401);
    await kit.clock.advance(100_000);
    expect(kit.server.streams).toHaveLength(2);
    expect(kit.client.status.value).toMatchObject({
      state: "closed",
      reason: "unauthenticated",
      cause: { code: "refused" },
    });
    expect(kit.subscription.status.value).toBe(kit.client.status.value);
    kit.client.subscribe(other, { onGap: () => {} });
    await kit.clock.advance(100_000);
    expect(kit.server.streams).toHaveLength(2);
    kit.client.reconnect();
    await kit.clock.advance(0);
    expect(kit.server.stream.headers.get("authorization")).toBe("Bearer 3");
    kit.server.stream.live("e.1");
    await kit.clock.advance(0);
    expect([kit.client, kit.subscription].map(({ status }) => status.value.state)).toEqual(["live", "live"]);
    expect(kit.closed).toEqual([]);
  });

  test("401 gets its attempt again after a connection that was good", async () => {
    const kit = await follow();
    kit.server.stream.answer(401);
    await untilNext(kit);
    kit.server.stream.live("e.1").bye("expired");
    await untilNext(kit);
    kit.server.stream.answer(401);
    await untilNext(kit);
    expect(kit.closed).toEqual([]);
  });

  test.each([{ channels: ["users/ada/other"] }, { channels: [] }])(
    "404 that names none of our channels does not make it spin: %j",
    async (problem) => {
      const kit = await follow();
      kit.server.stream.answer(404, { code: "unknown-channel", ...problem });
      expect(await untilNext(kit)).toBe(60_000);
    },
  );

  test("200 with another content type is no stream: said, and tried again", async () => {
    const kit = await follow();
    kit.server.stream.answer(200, {}, { "content-type": "text/html" });
    expect(await untilNext(kit)).toBe(3_000);
    expect(kit.errors).toMatchObject([
      { code: "bad-response", message: expect.stringContaining("got text/html") as string },
    ]);
  });

  test("200 with a charset is a stream", async () => {
    const kit = await follow();
    const stream = kit.server.stream.open({ "content-type": "Text/Event-Stream; charset=utf-8" });
    stream.push("event: hello\ndata: {}\nid: e.1\n\n");
    await kit.clock.advance(0);
    expect(kit.client.status.value).toEqual({ state: "live" });
  });
});

test("a refusal that names channels is reported, and closes them", async () => {
  const { server, clock, closed, errors } = await follow();
  server.stream.answer(400, { code: "bad-channel", detail: "Not canonical.", channels: [inbox.path] });
  await clock.advance(0);
  expect(closed).toEqual(["rejected"]);
  expect(errors).toMatchObject([{ code: "refused" }]);
  expect(errors[0]?.message).toContain("bad-channel");
});

test("a bye without a reason that can be read is none: the end of its stream is a failed attempt", async () => {
  const { server, clock, client, stream } = await live();
  stream.push('event: bye\ndata: {"reason":{}}\n\n');
  await clock.advance(0);
  expect(client.status.value).toEqual({ state: "live" });
  stream.end();
  await clock.advance(0);
  expect(client.status.value).toMatchObject({ state: "retrying", reason: "network" });
  expect(server.streams).toHaveLength(1);
});

test("a connection that waits does not wait any more when nothing is followed", async () => {
  const { server, clock, client, subscription } = await follow();
  server.stream.answer(503, {}, { "retry-after": "3600" });
  await clock.advance(2_000);
  expect(client.status.value.state).toBe("retrying");
  subscription.close();
  await clock.advance(1_000);
  expect(client.status.value).toEqual({ state: "idle" });
  expect(clock.pending).toBe(0);
  client.subscribe(inbox, { onGap: () => {} });
  await clock.advance(0);
  expect(server.streams).toHaveLength(2);
});

test("a connection that waits goes on waiting when something else is followed", async () => {
  const { server, clock, client, subscription } = await follow();
  server.stream.answer(503, {}, { "retry-after": "3600" });
  await clock.advance(2_000);
  client.subscribe(other, { onGap: () => {} });
  subscription.close();
  await clock.advance(60_000);
  expect(server.streams).toHaveLength(1);
  expect(client.status.value.state).toBe("retrying");
});

test("a network that still calls a listener which was just removed leaves no timer", async () => {
  const { network, clock, subscription } = await live();
  // The connection ends its request, whose listener is called after that.
  network.set(false);
  subscription.close();
  await clock.advance(1_000);
  expect(clock.pending).toBe(0);
});
