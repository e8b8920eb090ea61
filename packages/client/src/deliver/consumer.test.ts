import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby } from "../../test/client-kit.ts";
import { joined, MENTION, MESSAGE } from "../../test/subscription-kit.ts";
import type { ClientSubscription } from "../index.ts";

describe("handlers", () => {
  test("may close their own and other subscriptions", async () => {
    const kit = await joined();
    const second: string[] = [];
    const other = kit.client.subscribe(lobby, { snapshot: () => {}, message: ({ text }) => second.push(text) });
    await kit.clock.advance(0);
    kit.server.page.page({ cursor: "e.1" });
    const first: ClientSubscription = kit.client.subscribe(lobby, {
      snapshot: () => first.close(),
      topic: () => expect.unreachable("closed in its snapshot handler"),
    });
    await kit.clock.advance(0);
    kit.server.page.page({
      cursor: "e.1",
      state: { [lobby.path]: { messages: [] } },
      events: [{ channel: lobby.path, type: "topic", data: { text: "t" } }],
    });
    await kit.clock.advance(0);
    kit.client.subscribe(inbox, { onGap: () => {} });
    other.close();
    kit.stream.event(MESSAGE, { text: "x" }, "e.2");
    await kit.clock.advance(0);
    expect(second).toEqual([]);
  });

  test("that throw or reject go to onError, the position moves on, and so does the stream", async () => {
    const kit = createKit();
    const own: string[] = [];
    let calls = 0;
    kit.client.subscribe(inbox, {
      mention: () => {
        if (++calls === 1) throw new Error("thrown");
        return Promise.reject(new Error("rejected"));
      },
      onGap: () => {
        throw new Error("gap");
      },
      onError: ({ code, message }) => own.push(`${code}: ${message}`),
    });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    stream.event(MENTION, { by: "a" }, "e.2");
    stream.event(MENTION, { by: "b" }, "e.3");
    stream.gap({ [inbox.path]: "trimmed" });
    stream.end();
    await kit.clock.advance(3_000);
    expect(own.sort()).toEqual([
      `handler-failed: mention of users/ada/inbox failed: Error: rejected`,
      `handler-failed: mention of users/ada/inbox failed: Error: thrown`,
      `handler-failed: onGap of users/ada/inbox failed: Error: gap`,
    ]);
    expect(kit.errors).toMatchObject([{ code: "network" }]);
    expect(kit.server.stream.after).toBe("e.3");
  });

  test("have returned before the position moves on", async () => {
    const order: string[] = [];
    const kit = await joined({ onLog: ({ event }) => order.push(event) });
    kit.client.subscribe(lobby, { snapshot: () => {}, message: () => order.push("handler") });
    await kit.clock.advance(0);
    kit.server.page.page({ cursor: "e.1" });
    await kit.clock.advance(0);
    order.length = 0;
    kit.stream.event(MESSAGE, { text: "x" }, "e.2");
    await kit.clock.advance(0);
    expect(order).toEqual(["event", "handler", "handled"]);
  });

  test("hear of values that are withdrawn, on the stream and on a page", async () => {
    const kit = await joined();
    const clear = (type: string) => ({ channel: lobby.path, type, key: "k" });
    kit.stream.push(`event: clear\ndata: ${JSON.stringify(clear("topic"))}\nid: e.2\n\n`);
    kit.stream.push(`event: clear\ndata: ${JSON.stringify(clear("novelty"))}\nid: e.3\n\n`);
    await kit.clock.advance(0);
    expect(kit.reports.slice(1)).toEqual(["clear topic k"]);
    kit.stream.end();
    await kit.clock.advance(3_000);
    expect(kit.server.stream.after).toBe("e.3");
  });
});
