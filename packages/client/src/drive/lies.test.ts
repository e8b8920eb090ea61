import { describe, expect, test } from "vitest";
import { createKit, lobby, other } from "../../test/client-kit.ts";
import { follow, live, MENTION, untilNext } from "../../test/stream-kit.ts";

/** Silence that is too long, whatever a server says. */
const LONGEST_SILENCE = 2.5 * 300_000;
const DAY = 86_400_000;

describe("a server that lies is not believed", () => {
  test.each([1e300, Number.MAX_SAFE_INTEGER, 86_400_000])("about a heartbeat of %d", async (heartbeat) => {
    const kit = await follow();
    kit.server.stream.live("e.1", { heartbeat });
    await kit.clock.advance(LONGEST_SILENCE + 10_000);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("about a pause of more than a day", async () => {
    const kit = await follow();
    const stream = kit.server.stream.live("e.1");
    stream.push(`retry: ${25 * DAY}\n\n`);
    stream.end();
    await kit.clock.advance(0);
    const { at } = kit.client.status.value as { at: number };
    expect(at - kit.clock.now()).toBeLessThanOrEqual(DAY + 30_000);
  });

  test("when it sends bytes and no hello: the request ends after connectTimeout", async () => {
    const kit = await follow({ connectTimeout: 8_000 });
    const stream = kit.server.stream.open();
    for (let second = 0; second < 9; second++) {
      if (!kit.server.streams[0]?.aborted) stream.push(": still here\n");
      await kit.clock.advance(1_000);
    }
    expect(kit.server.streams[0]?.aborted).toBe(true);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("when its page never ends: it is given up at a bound, and asked for again later", async () => {
    let sent = 0;
    const kit = createKit({
      maxEventBytes: 1_000,
      async fetch(url, init) {
        const accept = new Headers(init.headers).get("accept");
        if (accept !== "application/json") return kit.server.fetch(url, init);
        const body = new ReadableStream({
          pull(controller) {
            sent += 1_000;
            controller.enqueue(new Uint8Array(1_000).fill(32));
          },
        });
        return new Response(body, { headers: { "content-type": "application/json" } });
      },
    });
    kit.client.subscribe(lobby, { snapshot: () => {} });
    for (let turn = 0; turn < 100; turn++) await kit.clock.advance(0);
    expect(kit.errors).toMatchObject([
      { code: "event-too-large", message: "Expected at most 16000 bytes an answer, got more." },
    ]);
    expect(sent).toBeLessThan(20_000);
  });

  test("a page that streams is read, also with characters of several bytes", async () => {
    const texts = ["語".repeat(40)];
    const kit = createKit({
      async fetch(url, init) {
        const accept = new Headers(init.headers).get("accept");
        if (accept !== "application/json") return kit.server.fetch(url, init);
        const bytes = new TextEncoder().encode(
          JSON.stringify({ events: [], cursor: "e.1", more: false, state: { [lobby.path]: { messages: texts } } }),
        );
        const parts = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
          bytes.slice(7 * index, 7 * index + 7),
        );
        const body = new ReadableStream({
          pull(controller) {
            const part = parts.shift();
            if (part) controller.enqueue(part);
            else controller.close();
          },
        });
        return new Response(body, { headers: { "content-type": "application/json" } });
      },
    });
    const states: unknown[] = [];
    kit.client.subscribe(lobby, { snapshot: (state) => states.push(state) });
    for (let turn = 0; turn < 300; turn++) await kit.clock.advance(0);
    expect(states).toEqual([{ messages: texts }]);
  });

  test("with a new epoch in every event: each costs as much as the one before", async () => {
    const kit = await live();
    const cost = async (from: number) => {
      const begin = performance.now();
      for (let index = from; index < from + 2_000; index++) {
        kit.stream.event(`${other.path}:mention`, { by: "x" }, `f${index}.1`);
        if (index % 100 === 0) await kit.clock.advance(0);
      }
      await kit.clock.advance(0);
      return performance.now() - begin;
    };
    const first = await cost(0);
    await cost(2_000);
    expect(await cost(4_000)).toBeLessThan(10 * first + 100);
  });
});

describe("when somebody looks at the page again", () => {
  test("a stream that died without a word is replaced at once, and what it has missed comes", async () => {
    const { server, clock, network, heard, client } = await live();
    await clock.advance(12_000);
    network.look();
    await clock.advance(0);
    expect(server.stream.after).toBe("e.1");
    expect(server.streams.map(({ aborted }) => aborted)).toEqual([false, false]);
    server.stream.live("e.1").event(MENTION, { by: "missed" }, "e.2");
    await clock.advance(0);
    expect(heard).toEqual(["missed"]);
    expect(server.streams.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(client.status.value).toEqual({ state: "live" });
  });

  test("a stream that died, on a network that swallows everything, is shown as lost within 3 s", async () => {
    const { server, clock, network, heard, client, errors } = await live();
    await clock.advance(12_000);
    const since = clock.now() + 2_500;
    network.look();
    await clock.advance(2_400);
    expect(client.status.value).toEqual({ state: "live" });
    await clock.advance(600);
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "timeout", since });
    expect(errors).toMatchObject([{ code: "timeout" }]);
    // The request that was to prove it is not thrown away: it may only be slow.
    server.stream.live("e.1").event(MENTION, { by: "late" }, "e.2");
    await clock.advance(0);
    expect([server.streams.length, heard, client.status.value.state]).toEqual([2, ["late"], "live"]);
  });

  test("a stream that died is shown as lost within 3 s, also when a new request fails at once", async () => {
    const { server, clock, network, client } = await live();
    server.onRequest = (request) => request.fail();
    await clock.advance(12_000);
    network.look();
    await clock.advance(3_000);
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "timeout" });
  });

  test("a stream that died is shown as lost soon after the runtime says so, also when it has just begun", async () => {
    const { server, clock, network, client } = await live();
    server.onRequest = (request) => request.fail();
    await clock.advance(1_000);
    network.set(false);
    await clock.advance(3_000);
    expect(client.status.value).toMatchObject({ state: "retrying", reason: "offline" });
  });

  test("the end of a client leaves no doubt behind", async () => {
    const { clock, network, client } = await live();
    await clock.advance(12_000);
    network.look();
    client.close();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  test("a stream that has just begun is believed", async () => {
    const { server, clock, network } = await live();
    await clock.advance(5_000);
    for (let look = 0; look < 5; look++) network.look();
    await clock.advance(0);
    expect(server.streams).toHaveLength(1);
  });

  test("a stream that lives goes on, whatever becomes of the proof", async () => {
    const kit = await live();
    await kit.clock.advance(12_000);
    kit.network.look();
    await kit.clock.advance(0);
    kit.server.stream.fail();
    kit.stream.event(MENTION, { by: "2" }, "e.2");
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["2"]);
    expect(kit.client.status.value).toEqual({ state: "live" });
    expect(await untilNext(kit)).toBeGreaterThan(1_000);
  });
});
