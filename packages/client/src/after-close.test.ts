import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby } from "../test/client-kit.ts";
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
