import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, other } from "../../test/client-kit.ts";
import { follow, live } from "../../test/stream-kit.ts";

const onGap = () => {};

describe("however often somebody asks for another attempt, there are two in a second", () => {
  test("reconnect, while every request fails", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => request.fail();
    kit.client.subscribe(inbox, { onGap }, { after: "e.1" });
    kit.client.subscribe(lobby, { snapshot: () => {} });
    await kit.clock.advance(0);
    const before = kit.server.requests.length;
    for (let step = 0; step < 500; step++) {
      kit.client.reconnect();
      await kit.clock.advance(10);
    }
    // A stream, a page that goes on, and one with a state, each time.
    expect(kit.server.requests.length - before).toBeLessThanOrEqual(3 * 11);
    expect(kit.server.streams.length).toBeGreaterThan(9);
  });

  test("reconnect that onError calls", async () => {
    const kit = await follow({
      onError: () => {
        kit.client.reconnect();
      },
    });
    kit.server.onRequest = (request) => request.fail();
    kit.client.status.subscribe(() => kit.client.reconnect());
    kit.server.stream.fail();
    await kit.clock.advance(5_000);
    expect(kit.server.streams.length).toBeLessThanOrEqual(12);
  });

  test("reconnect, where a channel is refused", async () => {
    const kit = await live();
    kit.server.onRequest = (request) => request.isStream && request.answer(403, { channels: [other.path] });
    const again = () => kit.client.subscribe(other, { onGap, onClose: again });
    again();
    for (let step = 0; step < 500; step++) {
      kit.client.reconnect();
      await kit.clock.advance(10);
    }
    expect(kit.server.streams.length).toBeLessThanOrEqual(13);
  });

  test.each(["retrying", "live"])("a network that comes and goes, while the client is %s", async (state) => {
    const kit = state === "live" ? await live() : await follow();
    if (state === "retrying") kit.server.stream.fail();
    await kit.clock.advance(12_000);
    kit.server.onRequest = (request) => request.fail();
    const before = kit.server.streams.length;
    for (let step = 0; step < 500; step++) {
      kit.network.set(step % 2 === 0);
      await kit.clock.advance(10);
    }
    expect(kit.server.streams.length - before).toBeLessThanOrEqual(12);
  });
});

test("the first one is not held up, and the last one is not forgotten", async () => {
  const kit = await follow();
  kit.server.stream.fail();
  await kit.clock.advance(0);
  kit.client.reconnect();
  await kit.clock.advance(0);
  expect(kit.server.streams).toHaveLength(2);
  kit.server.stream.fail();
  await kit.clock.advance(0);
  kit.client.reconnect();
  kit.client.reconnect();
  await kit.clock.advance(499);
  expect(kit.server.streams).toHaveLength(2);
  await kit.clock.advance(1);
  expect(kit.server.streams).toHaveLength(3);
});

test("what is held up leaves nothing behind when the client closes", async () => {
  const kit = await live();
  kit.network.look();
  kit.network.look();
  kit.client.reconnect();
  kit.client.reconnect();
  kit.client.close();
  await kit.clock.advance(0);
  expect([kit.clock.pending, kit.network.listeners]).toEqual([0, 0]);
});
