import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, type ClientKit } from "../test/client-kit.ts";
import { live } from "../test/stream-kit.ts";
import { catchingUp, joined, mention, MENTION, MESSAGE } from "../test/subscription-kit.ts";
import type { ClientSubscription } from "./client.ts";

/** What becomes of a wait, in a list that the test reads. */
function wait(
  { reached }: Pick<ClientSubscription, "reached">,
  id: string,
  told: unknown[],
  signal?: AbortSignal,
): void {
  const options = signal === undefined ? {} : { signal };
  reached(id, options).then(
    (isThere) => told.push(`${id} ${isThere}`),
    (error: unknown) => told.push(String(error)),
  );
}

const settle = ({ clock }: Pick<ClientKit, "clock">) => clock.advance(0);

describe("reached", () => {
  test("resolves when the handler has had the event, and not before", async () => {
    const kit = await joined();
    wait(kit.subscription, "e.3", kit.reports);
    kit.stream.event(MESSAGE, { text: "2" }, "e.2");
    await settle(kit);
    kit.stream.event(MESSAGE, { text: "3" }, "e.3");
    await settle(kit);
    expect(kit.reports).toEqual(["state a", "2 e.2", "3 e.3", "e.3 true"]);
  });

  test("resolves at once for what has been delivered already, also by a state or on a page", async () => {
    const kit = await joined();
    const told: unknown[] = [];
    wait(kit.subscription, "e.1", told);
    await settle(kit);
    expect(told).toEqual(["e.1 true"]);
  });

  test("resolves with the next heartbeat for an event of another channel", async () => {
    const kit = await live();
    const told: unknown[] = [];
    wait(kit.subscription, "e.7", told);
    await kit.clock.advance(10_000);
    expect(told).toEqual([]);
    kit.stream.heartbeat("e.8");
    await settle(kit);
    expect(told).toEqual(["e.7 true"]);
  });

  test("waits while there is no connection, and asks for nothing", async () => {
    const kit = await joined();
    const told: unknown[] = [];
    kit.server.onRequest = (request) => request.fail();
    kit.stream.break();
    const { pages } = kit.server;
    wait(kit.subscription, "e.2", told);
    await kit.clock.advance(300_000);
    expect(told).toEqual([]);
    expect(kit.server.pages).toHaveLength(pages.length);
    kit.server.onRequest = (request) => request.live("e.1").event(MESSAGE, { text: "2" }, "e.2");
    await kit.clock.advance(60_000);
    expect(told).toEqual(["e.2 true"]);
  });

  test("resolves behind a gap: when the state is there, or with the first position behind the hole", async () => {
    const kit = await joined();
    wait(kit.subscription, "e.4", kit.reports);
    kit.stream.gap({ [lobby.path]: "trimmed" });
    await kit.clock.advance(1_000);
    kit.server.page.page({ cursor: "e.5", state: { [lobby.path]: { messages: ["new"] } } });
    await settle(kit);
    expect(kit.reports.slice(1)).toEqual(["gap trimmed after e.1", "state new", "e.4 true"]);

    const stateless = await live();
    const told = stateless.gaps;
    wait(stateless.subscription, "e.4", told);
    stateless.stream.gap({ [inbox.path]: "trimmed" });
    await settle(stateless);
    expect(told).toEqual(["trimmed after e.1"]);
    stateless.stream.event(MENTION, { by: "6" }, "e.6");
    await settle(stateless);
    expect(told).toEqual(["trimmed after e.1", "e.4 true"]);
  });

  test("that is asked before the state is there compares with the state, and asks for nothing more", async () => {
    const kit = createKit();
    const told: unknown[] = [];
    const subscription = kit.client.subscribe(lobby, { snapshot: () => told.push("state") });
    await settle(kit);
    kit.server.stream.live("e.1");
    wait(subscription, "e.4", told);
    await settle(kit);
    kit.server.page.page({ cursor: "e.4", state: { [lobby.path]: { messages: [] } } });
    await settle(kit);
    expect(told).toEqual(["state", "e.4 true"]);
    expect(kit.server.pages).toHaveLength(1);
  });
});

describe("over a change of the epoch, reached", () => {
  test("resolves where the failover has lost the event: the subscription goes on in the next epoch", async () => {
    const kit = await live();
    const told: unknown[] = [];
    wait(kit.subscription, "e.9", told);
    await settle(kit);
    kit.stream.event(MENTION, { by: "f2" }, "f.2");
    await settle(kit);
    // A page proves it: of two epochs, nobody can tell which is the later one.
    kit.server.page.page({ cursor: "f.2" });
    await settle(kit);
    expect([kit.heard, told]).toEqual([["f2"], ["e.9 true"]]);
  });

  test("resolves after a gap that names the other epoch", async () => {
    const kit = await live();
    const told = kit.gaps;
    wait(kit.subscription, "e.9", told);
    kit.stream.gap({ [inbox.path]: "lost" }, "f.2");
    await settle(kit);
    kit.server.page.page({ cursor: "f.2" });
    await kit.clock.advance(1_000);
    expect(told).toEqual(["lost after e.1", "e.9 true"]);
  });

  test("asks for a page where the event is of an epoch that the subscription has not come to", async () => {
    const kit = await joined();
    wait(kit.subscription, "f.2", kit.reports);
    await settle(kit);
    expect(kit.server.page.after).toBe("e.1");
    kit.server.page.page({
      cursor: "f.2",
      events: [{ channel: lobby.path, type: "message", data: { text: "new" }, id: "f.2" }],
    });
    await settle(kit);
    expect(kit.reports).toEqual(["state a", "new f.2", "f.2 true"]);
  });

  test("asks for a page where the event is of an epoch that is over, and resolves with its end", async () => {
    const kit = await joined();
    wait(kit.subscription, "d.99", kit.reports);
    await settle(kit);
    kit.server.page.fail();
    await kit.clock.advance(5_000);
    expect(kit.reports).toEqual(["state a"]);
    kit.server.page.page({ cursor: "e.1" });
    await settle(kit);
    expect(kit.reports).toEqual(["state a", "d.99 true"]);
    expect(kit.subscription.status.value).toEqual({ state: "live" });
  });

  test("asks again where the page that was under way is older than the question", async () => {
    const kit = createKit();
    const reports: string[] = [];
    const subscription = kit.client.subscribe(lobby, {
      snapshot: () => reports.push("state"),
      message: ({ text }) => reports.push(text),
    });
    await settle(kit);
    kit.server.stream.live("e.1");
    wait(subscription, "f.2", reports);
    kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
    await settle(kit);
    expect(reports).toEqual(["state"]);
    kit.server.page.page({
      cursor: "f.2",
      events: [{ channel: lobby.path, type: "message", data: { text: "new" }, id: "f.2" }],
    });
    await settle(kit);
    expect(reports).toEqual(["state", "new", "f.2 true"]);
  });

  test("asks once, however many wait", async () => {
    const { server, clock, subscription } = await catchingUp();
    server.page.page({ cursor: "e.5", events: [mention(4)] });
    await clock.advance(0);
    const told: unknown[] = [];
    const before = server.pages.length;
    for (let seq = 1; seq <= 1_000; seq++) wait(subscription, `f.${seq}`, told);
    await clock.advance(0);
    expect(server.pages).toHaveLength(before + 1);
    server.page.page({ cursor: "f.900", events: [mention(900, "f")] });
    await clock.advance(0);
    expect(told).toHaveLength(900);
  });
});

describe("the end of a wait", () => {
  test.each([
    ["close", ({ subscription }: Awaited<ReturnType<typeof joined>>) => subscription.close()],
    ["the client's close", ({ client }: Awaited<ReturnType<typeof joined>>) => client.close()],
    ["a refusal", ({ stream }: Awaited<ReturnType<typeof joined>>) => stream.bye("forbidden", [lobby.path])],
  ])("is false with %s, and from then on", async (_, end) => {
    const kit = await joined();
    const told: unknown[] = [];
    wait(kit.subscription, "e.9", told);
    await settle(kit);
    end(kit);
    await settle(kit);
    wait(kit.subscription, "f.1", told);
    await settle(kit);
    expect(told).toEqual(["e.9 false", "f.1 false"]);
  });

  test("comes with its signal, which then keeps nothing", async () => {
    const kit = await joined();
    const told: unknown[] = [];
    const end = new AbortController();
    let listeners = 0;
    const { signal } = end;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    wait(kit.subscription, "e.1", told, signal);
    await settle(kit);
    expect(listeners).toBe(0);
    wait(kit.subscription, "e.9", told, signal);
    await settle(kit);
    end.abort(new Error("enough"));
    wait(kit.subscription, "e.9", told, AbortSignal.abort(new Error("too late")));
    await settle(kit);
    expect(told).toEqual(["e.1 true", "Error: enough", "Error: too late"]);
    expect(listeners).toBe(0);
  });

  test.each(["", "3", "e.x", undefined as never])("comes at once where the id is %j", async (id) => {
    const { subscription } = await joined();
    await expect(subscription.reached(id)).rejects.toThrow(TypeError);
  });
});
