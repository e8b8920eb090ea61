import { getEventListeners } from "node:events";
import { channel, defineContract, type Address } from "@tidings/contract";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { FailoverLog } from "../../test/failover-log.ts";
import { chat, lobby, openTestHub, tea } from "../../test/test-hub.ts";
import { createHub } from "../hub.ts";
import type { AnyItem } from "./read-item.ts";

const inbox = chat.inbox({ userId: "ada" });

/** An item in a few words. */
function describeItem(item: AnyItem): string {
  const { kind, channel: path } = item;
  if (kind === "event") return `${path}:${item.type} ${JSON.stringify(item.data)}`;
  if (kind === "clear") return `${path}:${item.type} withdrawn ${item.key}`;
  if (kind === "end") return `${path} ends ${JSON.stringify(item.data)}`;
  return kind === "gap" ? `${path} gap ${item.reason}` : `${path}:${item.type} invalid`;
}

const said = (text: string, path = "rooms/lobby"): string => `${path}:message {"text":"${text}"}`;

type TestHub = Awaited<ReturnType<typeof openTestHub>>;

/** Takes what a loop gets until it has to wait, or `most` items. `close` goes away, and does not end the loop. */
async function taken({ clock }: Pick<TestHub, "clock">, loop: AsyncIterator<AnyItem, undefined>, most = Infinity) {
  const items: AnyItem[] = [];
  let isOver = false;
  const take = async (): Promise<void> => {
    while (items.length < most) {
      const { done, value } = await loop.next();
      if (done === true) break;
      items.push(value);
    }
    isOver = true;
  };
  void take();
  await clock.settle();
  return { items, brief: () => items.map(describeItem), isOver: () => isOver };
}

describe("a loop gets", () => {
  test("decoded events from the call on, even if it begins to read later", async () => {
    const hub = await openTestHub();
    await hub.say("before");
    const loop = hub.hub.events(lobby);
    const [id] = await hub.say("after");
    const { items } = await taken(hub, loop);
    expect(items).toEqual([
      {
        kind: "event",
        name: "room",
        params: { roomId: "lobby" },
        channel: "rooms/lobby",
        type: "message",
        data: { text: "after" },
        cursor: id,
      },
    ]);
    await hub.say("live");
    expect(items.map(describeItem)).toEqual([said("after"), said("live")]);
  });

  test("the events of several addresses in the order of the log, each once, and no others", async () => {
    const hub = await openTestHub();
    const loop = hub.hub.events([lobby, inbox, lobby]);
    await hub.hub.publish(lobby, "message", { text: "1" });
    await hub.hub.publish(tea, "message", { text: "not asked for" });
    await hub.hub.publish(inbox, "mention", { by: "bob" });
    await hub.hub.publish(lobby, "message", { text: "2" });
    const { brief } = await taken(hub, loop);
    expect(brief()).toEqual([said("1"), 'users/ada/inbox:mention {"by":"bob"}', said("2")]);
  });

  test("with null, everything from the oldest event on; with a cursor, everything after it", async () => {
    const hub = await openTestHub({ limits: { ringEntries: 1 } });
    await hub.say("1", "2", "3");
    const { items, brief } = await taken(hub, hub.hub.events(lobby, { after: null }));
    expect(brief()).toEqual(["1", "2", "3"].map((text) => said(text)));
    const rest = await taken(hub, hub.hub.events(lobby, { after: items[0]?.cursor ?? "" }));
    expect(rest.brief()).toEqual([said("2"), said("3")]);
  });

  test("of `latest` events the newest of each key, withdrawals, and volatile events for five seconds", async () => {
    const hub = await openTestHub();
    const loop = hub.hub.events(lobby, { after: null });
    await hub.hub.publish(lobby, "typing", { author: "too old" });
    await hub.clock.advance(5_000);
    for (const value of [1, 2]) await hub.hub.publish(lobby, "price", { symbol: "x", value });
    await hub.hub.publish(lobby, "typing", { author: "bob" });
    const { brief } = await taken(hub, loop);
    await hub.hub.clear(lobby, "price", "x");
    await hub.clock.settle();
    expect(brief()).toEqual([
      'rooms/lobby:price {"symbol":"x","value":2}',
      'rooms/lobby:typing {"author":"bob"}',
      "rooms/lobby:price withdrawn x",
    ]);
  });

  test("what its contract cannot read, with the reason: nothing is skipped silently", async () => {
    const hub = await openTestHub();
    const newer = defineContract({
      room: channel("rooms/:roomId", { message: z.object({ text: z.number() }), poll: z.object({}) }),
    });
    const other = createHub(newer, { log: hub.log, clock: hub.clock, authorize: () => true, onLog: () => {} });
    const loop = hub.hub.events(lobby);
    await other.publish(newer.room({ roomId: "lobby" }), "message", { text: 5 });
    await other.publish(newer.room({ roomId: "lobby" }), "poll", {});
    await hub.say("readable");
    const { items, brief } = await taken(hub, loop);
    expect(brief()).toEqual(["rooms/lobby:message invalid", "rooms/lobby:poll invalid", said("readable")]);
    expect(items.map((item) => (item.kind === "invalid" ? item.error : null))).toMatchObject([
      { code: "invalid-data" },
      { code: "unknown-event" },
      null,
    ]);
  });
});

describe("a gap is an item", () => {
  test("before anything newer of its address, while the others lose nothing (law 7)", async () => {
    const hub = await openTestHub({ keep: { entries: 2 }, limits: { ringEntries: 1 } });
    const [first = ""] = await hub.say("0");
    await hub.hub.publish(tea, "message", { text: "tea" });
    await hub.say("1", "2", "3");
    const { items, brief } = await taken(hub, hub.hub.events([lobby, tea], { after: first }));
    expect(brief()).toEqual(["rooms/lobby gap trimmed", said("tea", "rooms/tea"), said("2"), said("3")]);
    // The other address goes on from there.
    expect(items[0]?.cursor).toBe(first);
  });

  test("once, although every page up to the end of the hole reports it", async () => {
    const hub = await openTestHub({ keep: { entries: 3 }, limits: { ringEntries: 1, pageEvents: 1 } });
    const [first = ""] = await hub.say("0", "1", "2", "3", "4");
    const { brief } = await taken(hub, hub.hub.events(lobby, { after: first }));
    expect(brief()).toEqual(["rooms/lobby gap trimmed", said("2"), said("3"), said("4")]);
  });

  test("of each address when the log is another one, and the loop goes on from the head", async () => {
    const hub = await openTestHub();
    const loop = hub.hub.events([lobby, tea]);
    await hub.say("1");
    const { items, brief } = await taken(hub, loop);
    hub.log.lose();
    await hub.hub.publish(lobby, "message", { text: "2" });
    await hub.clock.advance(1_000);
    const { id: head } = await hub.hub.publish(lobby, "message", { text: "3" });
    await hub.clock.advance(1_000);
    expect(brief()).toEqual([said("1"), "rooms/lobby gap reset", "rooms/tea gap reset", said("3")]);
    expect(items.at(-1)?.cursor).toBe(head);
    // A process that dies between the two gaps meets both of them again.
    const [, first, second] = items;
    const between = await taken(hub, hub.hub.events([lobby, tea], { after: first?.cursor ?? "" }));
    expect(between.brief()).toEqual(["rooms/lobby gap reset", "rooms/tea gap reset"]);
    const behind = await taken(hub, hub.hub.events([lobby, tea], { after: second?.cursor ?? "" }));
    expect(behind.brief()).toEqual([said("3")]);
  });

  test("only where a failover has taken what the loop has got (law 4)", async () => {
    const log = new FailoverLog();
    const hub = await openTestHub({ log });
    const [kept = "", lost = ""] = await hub.say("kept", "lost");
    log.failOver(1);
    await hub.say("new");
    const ahead = await taken(hub, hub.hub.events(lobby, { after: lost }));
    const behind = await taken(hub, hub.hub.events(lobby, { after: kept }));
    expect([ahead.brief(), behind.brief()]).toEqual([["rooms/lobby gap lost"], [said("new")]]);
  });
});

describe("a slow loop", () => {
  test("lets nothing be read for it, and then gets everything, in pages of 64 KiB at most", async () => {
    const hub = await openTestHub({ limits: { ringEntries: 1 } });
    const loop = hub.hub.events(lobby, { after: null });
    const text = "x".repeat(1_000);
    for (let index = 0; index < 200; index++) await hub.hub.publish(lobby, "message", { text });
    const first = await taken(hub, loop, 1);
    const { ownReads } = hub.log;
    await hub.clock.advance(60_000);
    expect([first.items.length, ownReads, hub.log.ownReads]).toEqual([1, 1, 1]);
    const rest = await taken(hub, loop);
    expect(rest.items).toHaveLength(199);
    // 200 events of 1,011 bytes: four pages, and the last event may come from the ring.
    expect(hub.log.ownReads).toBeGreaterThanOrEqual(4);
    expect(hub.log.ownReads).toBeLessThanOrEqual(5);
  });

  test("holds up no other reader", async () => {
    const hub = await openTestHub();
    const slow = hub.hub.events(lobby);
    const quick = await taken(hub, hub.hub.events(lobby));
    const { sink } = await hub.connect("channel=rooms/lobby");
    await hub.say("1", "2");
    expect([quick.brief(), sink.received]).toEqual([
      [said("1"), said("2")],
      [said("1"), said("2")],
    ]);
    expect((await taken(hub, slow)).brief()).toEqual([said("1"), said("2")]);
  });

  test("that reads a long log lets timers run between", async () => {
    const hub = await openTestHub({ limits: { ringEntries: 1, pageEvents: 1 } });
    await hub.say(...Array.from({ length: 30 }, (_, index) => String(index)));
    const loop = hub.hub.events(lobby, { after: null });
    let turns = 0;
    const turn = (): void => {
      turns++;
      hub.clock.defer(turn);
    };
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of loop) {
        hub.clock.jump(1);
        if (items.push(item) === 30) break;
      }
      hub.clock.defer = () => {};
    })();
    hub.clock.defer(turn);
    await hub.clock.settle();
    await reading;
    // Five milliseconds of 30 in each turn.
    expect(turns).toBeGreaterThanOrEqual(5);
  });

  test("takes calls of `next` that do not wait for each other in their order", async () => {
    const hub = await openTestHub();
    const loop = hub.hub.events(lobby);
    const taking = Promise.all([loop.next(), loop.next(), loop.next()]);
    await hub.say("1", "2", "3");
    const texts = (await taking).map(({ value }) => value?.kind === "event" && value.data);
    expect(texts).toEqual([{ text: "1" }, { text: "2" }, { text: "3" }]);
  });
});

describe("the cursor of a loop", () => {
  test("is that of the item which it has got last", async () => {
    const hub = await openTestHub();
    const loop = hub.hub.events(lobby, { after: null });
    expect(loop.cursor).toBeNull();
    const [first, second] = await hub.say("1", "2");
    await taken(hub, loop, 1);
    expect(loop.cursor).toBe(first);
    await taken(hub, loop, 1);
    expect(loop.cursor).toBe(second);
  });

  test("moves on while nothing comes for its addresses (law 9), and stays where the loop has ended", async () => {
    const hub = await openTestHub();
    const [start = ""] = await hub.say("1");
    const loop = hub.hub.events(lobby, { after: start });
    expect(loop.cursor).toBe(start);
    const { isOver } = await taken(hub, loop);
    const { id: elsewhere } = await hub.hub.publish(tea, "message", { text: "elsewhere" });
    await hub.clock.settle();
    expect(loop.cursor).toBe(elsewhere);
    await loop.return?.();
    await hub.hub.publish(tea, "message", { text: "later" });
    await hub.clock.settle();
    expect([loop.cursor, isOver()]).toEqual([elsewhere, true]);
  });
});

describe("a loop ends at once", () => {
  const endings: [
    what: string,
    end: (hub: TestHub, loop: AsyncIterableIterator<unknown, undefined>, controller: AbortController) => unknown,
  ][] = [
    ["by its signal", (_hub, _loop, controller) => controller.abort()],
    ["by break", (_hub, loop) => loop.return?.()],
    ["by hub.close()", ({ hub }) => void hub.close()],
  ];
  for (const [what, end] of endings) {
    test.each<[string, (hub: TestHub) => void]>([
      ["while it waits", () => {}],
      ["while a read hangs", ({ log }) => void (log.hangs = true)],
      ["while the log fails", ({ log }) => void (log.fails = true)],
    ])(`${what}, %s, and leaves nothing behind`, async (_, prepare) => {
      const hub = await openTestHub({ limits: { ringEntries: 1 } });
      const controller = new AbortController();
      const [first = ""] = await hub.say("1", "2", "3");
      prepare(hub);
      const loop = hub.hub.events(lobby, { after: first, signal: controller.signal });
      const { isOver, items } = await taken(hub, loop);
      const { length } = items;
      expect(isOver()).toBe(false);
      await end(hub, loop, controller);
      await hub.clock.turn();
      expect(isOver()).toBe(true);
      expect(hub.hub.stats().channels).toBe(0);
      expect(await loop.next()).toEqual({ done: true, value: undefined });
      hub.log.hangs = false;
      hub.log.fails = false;
      await hub.hub.close();
      await hub.clock.advance(20_000);
      expect([items.length, hub.clock.pending]).toEqual([length, 0]);
    });
  }

  test("also if the signal was aborted, or the hub closed, before it began", async () => {
    const hub = await openTestHub();
    const over = { done: true, value: undefined };
    expect(await hub.hub.events(lobby, { signal: AbortSignal.abort() }).next()).toEqual(over);
    const early = hub.hub.events(lobby);
    await hub.hub.close();
    expect(await early.next()).toEqual(over);
    expect(await hub.hub.events(lobby).next()).toEqual(over);
    await hub.clock.advance(20_000);
    expect(hub.clock.pending).toBe(0);
  });

  test("with twenty others that have the same signal, which Node does not take for a leak", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
    const hub = await openTestHub();
    const controller = new AbortController();
    const loops = Array.from({ length: 20 }, () => hub.hub.events(lobby, { signal: controller.signal }));
    const ends = loops.map((loop) => loop.next());
    await hub.clock.advance(1_000);
    controller.abort();
    expect(await Promise.all(ends)).toEqual(loops.map(() => ({ done: true, value: undefined })));
    expect(warnings).toEqual([]);
  });

  test("and its signal holds nothing of it any more, also after a gap with which it began again", async () => {
    const hub = await openTestHub();
    const { signal } = new AbortController();
    const loop = hub.hub.events(lobby, { signal });
    const items = await taken(hub, loop);
    hub.log.lose();
    await hub.say("new");
    await hub.clock.advance(2_000);
    expect(items.brief()).toEqual(["rooms/lobby gap reset"]);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await loop.return?.();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("without the items that it has not taken: they come after its cursor", async () => {
    const hub = await openTestHub();
    const controller = new AbortController();
    const loop = hub.hub.events(lobby, { after: null, signal: controller.signal });
    await hub.say("1", "2", "3");
    await taken(hub, loop, 1);
    controller.abort();
    expect(await loop.next()).toEqual({ done: true, value: undefined });
    const rest = await taken(hub, hub.hub.events(lobby, { after: loop.cursor }));
    expect(rest.brief()).toEqual([said("2"), said("3")]);
  });
});

describe("a log that does not answer", () => {
  test.each([
    ["hangs", 10_000],
    ["fails", 0],
  ] as const)("and %s is reported, and the loop waits for it", async (how, reportedAfter) => {
    const hub = await openTestHub({ limits: { ringEntries: 1 } });
    const [first = ""] = await hub.say("1", "2", "3");
    hub.log[how] = true;
    const { brief, isOver } = await taken(hub, hub.hub.events(lobby, { after: first }));
    const own = () => hub.records.filter(({ detail }) => detail === "events");
    await hub.clock.advance(reportedAfter);
    expect(own()).toEqual([expect.objectContaining({ level: "error", event: "read-failed", channel: "rooms/lobby" })]);
    expect([brief(), isOver()]).toEqual([[], false]);
    hub.log[how] = false;
    await hub.clock.advance(1_000);
    expect(brief()).toEqual([said("2"), said("3")]);
  });

  test("when the loop begins from now on is asked again, and the loop begins when it answers", async () => {
    const hub = await openTestHub();
    await hub.say("before");
    hub.log.fails = true;
    const { brief } = await taken(hub, hub.hub.events(lobby));
    hub.log.fails = false;
    await hub.clock.advance(1_000);
    await hub.say("after");
    expect(brief()).toEqual([said("after")]);
  });
});

describe("events refuses", () => {
  test.each<[what: string, addresses: unknown, options: unknown, message: RegExp]>([
    ["an empty list", [], {}, /Expected an address, or a list of addresses/],
    ["a path", "rooms/lobby", {}, /Expected an address such as/],
    ["the channel function", chat.room, {}, /call it with its params/],
    ["nothing", undefined, {}, /Expected an address such as/],
    ["a list with null in it", [lobby, null], {}, /Expected an address such as/],
    ["an address of another contract", { ...lobby, path: "halls/lobby" }, {}, /of this contract \(room, inbox\)/],
    [
      "an address of a channel with another name",
      { ...lobby, name: "__proto__" },
      {},
      /of this contract \(room, inbox\)/,
    ],
    ["a misspelt option", lobby, { afer: null }, /Expected one of after, signal/],
    ["an `after` that is no cursor", lobby, { after: "yesterday" }, /Expected "after" to be the cursor of an item/],
    ["an `after` that is no text", lobby, { after: 5 }, /Expected "after" to be the cursor of an item/],
    ["an `after` without a value", lobby, { after: undefined }, /got undefined; leave it out to begin from now on/],
    ["a signal that is none", lobby, { signal: "stop" }, /Expected "signal" to have a method "addEventListener"/],
    ["a controller in place of its signal", lobby, { signal: new AbortController() }, /got undefined; pass a signal/],
  ])("%s", async (_, addresses, options, message) => {
    const { hub } = await openTestHub();
    expect(() => hub.events(addresses as Address as never, options as never)).toThrow(message);
  });
});
