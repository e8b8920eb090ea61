import { describe, expect, test } from "vitest";
import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";
import { createKit, inbox, lobby, watch } from "../test/client-kit.ts";
import type { ClientSubscription } from "./index.ts";

describe("a subscription of a client that is closed", () => {
  test("is closed at once, and hears of it when subscribe has returned", async () => {
    const { client, server, clock } = createKit();
    client.close();
    const closed: string[] = [];
    const subscription: ClientSubscription = client.subscribe(lobby, {
      snapshot: () => {},
      onClose(reason) {
        closed.push(reason);
        subscription.close();
      },
    });
    expect(subscription.status.value).toMatchObject({ state: "closed", reason: "closed" });
    expect(closed).toEqual([]);
    await clock.advance(0);
    expect(closed).toEqual(["closed"]);
    expect(server.requests).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("may be followed by another one in onClose, again and again", async () => {
    const { client, clock } = createKit();
    client.close();
    let count = 0;
    const again = () => {
      count++;
      if (count < 1_000) client.subscribe(inbox, { onGap: () => {}, onClose: again });
    };
    again();
    expect(count).toBe(1);
    await clock.advance(1);
    expect(count).toBe(1_000);
  });
});

describe("a loop of a client that is closed", () => {
  test("ends, and asks the server for nothing", async () => {
    let calls = 0;
    const kit = createKit({ url: () => (calls++, "/events") });
    kit.client.close();
    await kit.clock.advance(1_000);
    const next = kit.client.events(inbox, { after: "e.1" }).next();
    await kit.clock.advance(1_000);
    expect(await next).toEqual({ done: true, value: "closed" });
    expect([calls, kit.server.requests.length, kit.clock.pending]).toEqual([0, 0, 0]);
  });

  test("has the reason for which the client has ended, also when it is closed once more", async () => {
    const kit = createKit();
    kit.server.onRequest = (request) => request.answer(204);
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(1_000);
    const requests = kit.server.requests.length;
    const closed: string[] = [];
    const late = kit.client.subscribe(inbox, { onGap: () => {}, onClose: (reason) => closed.push(reason) });
    const seen = watch(late.status);
    late.close();
    const next = kit.client.events(lobby).next();
    await kit.clock.advance(1_000);
    expect(await next).toEqual({ done: true, value: "finished" });
    expect([seen, closed]).toEqual([["closed: finished"], ["finished"]]);
    expect(kit.server.requests).toHaveLength(requests);
  });
});

test("an address of another contract leaves nothing behind, wherever it is passed", async () => {
  const kit = createKit();
  const foreign = defineContract({ zimmer: channel("rooms/:roomId", { message: z.object({ a: z.string() }) }) });
  const address = foreign.zimmer({ roomId: "lobby" }) as unknown as typeof inbox;
  expect(() => kit.client.events(address)).toThrow(TypeError);
  expect(() => kit.client.subscribe(address, { onGap: () => {} })).toThrow(TypeError);
  await expect(kit.client.history(address)).rejects.toThrow(TypeError);
  kit.client.subscribe(lobby, { snapshot: () => {} });
  await kit.clock.advance(0);
  expect(kit.server.page.channels).toEqual([`${lobby.path}@now`]);
});
