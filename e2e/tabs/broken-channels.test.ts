import { createClient } from "@tidings/client";
import { tabs } from "@tidings/client/tabs";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Platform } from "../../packages/client/src/tabs/platform.ts";
import { shareAmong } from "../../packages/client/src/tabs/tabs.ts";
import { randomOf } from "../simulation/random.ts";
import { contract } from "./contract.ts";
import { FakeBrowser } from "./fake-browser.ts";

const room = contract.room({ roomId: "a" });
/** Events that are published. */
const COUNT = 30;
const ALL = Array.from({ length: COUNT }, (_, number) => number);

/** What a channel does with a message of a tab. */
type Way = (send: () => void, message: unknown, count: number) => void;

function refuse(): never {
  throw new DOMException("The message is not sent.", "DataCloneError");
}

const ways: Readonly<Record<string, Way>> = {
  "throws for every message": refuse,
  "throws for every second message": (send, _, count) => (count % 2 === 0 ? refuse() : send()),
  "throws for every long message": (send, message) => (JSON.stringify(message).length > 300 ? refuse() : send()),
  "loses every message": () => {},
};

/** Three tabs of one viewer, which follow a room. Some of them have a channel that is broken. */
function openTabs(way: Way, isBroken: (index: number) => boolean) {
  const clock = new VirtualClock();
  const random = randomOf(7);
  const network = new MemoryNetwork();
  const hub = createHub(contract, {
    log: memoryLog({ now: clock.now }),
    authorize: () => true,
    clock,
    random,
    onLog: () => {},
  });
  network.listener = (request) => hub.handle(request);
  const browser = new FakeBrowser({ random, setTimeout: (task, after) => clock.setTimeout(task, after) });
  let count = 0;

  function open(index: number) {
    const platform = browser.platformOf({}, (task) => task());
    const broken: Platform = {
      locks: platform.locks,
      openChannel(name, onMessage) {
        const channel = platform.openChannel(name, onMessage);
        return { ...channel, send: (message) => way(() => channel.send(message), message, ++count) };
      },
    };
    const heard: (number | string)[] = [];
    const client = createClient(contract, {
      url: "http://tabs.test/events",
      fetch: network.fetch,
      clock,
      random,
      share: shareAmong("ada", isBroken(index) ? broken : platform),
    });
    client.subscribe(room, { message: ({ number }) => heard.push(number), onGap: ({ reason }) => heard.push(reason) });
    return { client, heard };
  }

  return { clock, hub, opened: [0, 1, 2].map(open) };
}

describe.each(Object.entries(ways))("where a channel %s, each tab has every event once", (_, way) => {
  test.each<readonly [string, (index: number) => boolean]>([
    ["that of every tab", () => true],
    ["that of the leader", (index) => index === 0],
    ["that of another tab", (index) => index === 1],
  ])("%s", async (__, isBroken) => {
    const { clock, hub, opened } = openTabs(way, isBroken);
    await clock.advance(60_000);
    for (const number of ALL) {
      await hub.publish(room, "message", { number });
      await clock.advance(2_000);
    }
    await clock.advance(30_000);
    expect(opened.map(({ heard }) => heard)).toEqual([ALL, ALL, ALL]);
    expect(opened.map(({ client }) => client.status.value.state)).toEqual(["live", "live", "live"]);
  });
});

describe("a page that may not share has a stream of its own", () => {
  const forbid = () => {
    throw new DOMException("forbidden", "SecurityError");
  };

  afterEach(() => vi.unstubAllGlobals());

  function expectAlone(): void {
    const openStream = () => () => {};
    expect(tabs({ viewer: "ada" })({ openStream } as never)).toBe(openStream);
  }

  test("where the browser throws when the page asks for locks", () => {
    vi.stubGlobal("navigator", Object.defineProperty({}, "locks", { get: forbid }));
    expectAlone();
  });

  test("where the browser throws when the page asks for channels", () => {
    vi.stubGlobal("navigator", { locks: {} });
    const original = Object.getOwnPropertyDescriptor(globalThis, "BroadcastChannel") ?? {};
    onTestFinished(() => void Object.defineProperty(globalThis, "BroadcastChannel", original));
    Object.defineProperty(globalThis, "BroadcastChannel", { get: forbid, configurable: true });
    expectAlone();
  });
});
