// Servers that lie in any way, for a minute. Then the truth must come, all of it, and few requests may have been made.
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { VirtualClock } from "@tidings/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Answer } from "./liars/answers.ts";
import { contract, feed, room } from "./liars/contract.ts";
import { ERROR_LIES, PAGE_LIES } from "./liars/pages.ts";
import { POSITION_LIES } from "./liars/positions.ts";
import { STREAM_LIES } from "./liars/streams.ts";
import { shareAmong } from "../packages/client/src/tabs/tabs.ts";
import { randomOf } from "./simulation/random.ts";
import { FakeBrowser } from "./tabs/fake-browser.ts";
import { TRANSPORT_LIES, TRANSPORT_LIES_OF_PAGES, TRANSPORT_LIES_OF_STREAMS } from "./liars/transport.ts";

/** A minute of lies may cost so many requests of two subscriptions. */
const MOST_REQUESTS = 60;
/** Empty pages that lead further may be honest, so a hundred of them come at once, and pauses grow only then. */
const MOST_PAGES = 1_000;

interface Lies {
  readonly page?: Answer;
  readonly stream?: Answer;
}

/** A client, a hub that tells the truth, and a liar between the two who answers for as long as he is asked to. */
async function meet({ page, stream }: Lies, isShared: boolean) {
  const clock = new VirtualClock();
  const browser = new FakeBrowser({ random: () => 0.5, setTimeout: (task, after) => clock.setTimeout(task, after) });
  const texts: string[] = [];
  const log = memoryLog({ now: clock.now });
  const { epoch } = await log.head();
  const hub = createHub(contract, {
    log,
    authorize: () => true,
    snapshot: { room: () => ({ texts }) },
    snapshotOverlap: 0,
    clock,
  });
  const ask = toFetchHandler(hub);
  let requests = 0;
  const life = new AbortController();
  const client = createClient(contract, {
    url: "http://hub.test/events",
    clock,
    // Two streams of a client that share one have names of their own.
    random: isShared ? randomOf(1) : () => 0.5,
    maxEventBytes: 20_000,
    onError: () => {},
    onLog: () => {},
    share: shareAmong("ada", isShared ? browser.platformOf({}, (task) => task()) : null),
    async fetch(url, init) {
      const isStream = new Headers(init.headers).get("accept") === "text/event-stream";
      const count = requests++;
      const answer = isStream ? stream : page;
      const isLie = answer && !life.signal.aborted;
      return isLie ? answer({ count, epoch, clock, life: life.signal }) : ask(new Request(url, init));
    },
  });
  onTestFinished(async () => {
    client.close();
    const isClosed = hub.close();
    for (let second = 0; second < 20; second++) await clock.advance(1_000);
    await isClosed;
  });

  const heard: string[] = [];
  const shown = { texts: [] as string[] };
  client.subscribe(feed, { said: ({ text }) => heard.push(text), onGap: ({ reason }) => heard.push(reason) });
  client.subscribe(room, {
    snapshot: (state) => (shown.texts = [...state.texts]),
    said: ({ text }) => shown.texts.push(text),
  });
  // A body of the platform takes more than the turn of a virtual clock.
  const pass = async (seconds: number): Promise<void> => {
    for (let half = 0; half < 2 * seconds; half++) await clock.advance(500);
  };
  await pass(60);
  return {
    client,
    heard,
    shown,
    requests: () => requests,
    pass,
    stopLying: () => life.abort(),
    publish: async (text: string): Promise<void> => {
      texts.push(text);
      await hub.publish(room, "said", { text });
      await hub.publish(feed, "said", { text });
    },
  };
}

const KINDS: readonly (readonly [string, Lies])[] = [
  ...Object.entries(PAGE_LIES).map(([name, page]) => [`as a page, ${name}`, { page }] as const),
  ...Object.entries(STREAM_LIES).map(([name, stream]) => [`as a stream, ${name}`, { stream }] as const),
  ...Object.entries(TRANSPORT_LIES_OF_PAGES).map(([name, page]) => [`in bytes of pages, ${name}`, { page }] as const),
  ...Object.entries(TRANSPORT_LIES_OF_STREAMS).map(
    ([name, stream]) => [`in bytes of streams, ${name}`, { stream }] as const,
  ),
  ...Object.entries(TRANSPORT_LIES).map(([name, any]) => [`in bytes, ${name}`, { page: any, stream: any }] as const),
  ...Object.entries(POSITION_LIES).map(([name, lies]) => [`of its own log, ${name}`, lies] as const),
  ...Object.entries(ERROR_LIES).map(([name, any]) => [`always ${name}`, { page: any, stream: any }] as const),
];

describe.each(["a client", "a tab that shares"])("%s hears lies", (kind) => {
  test.each(KINDS)("%s", async (name, lies) => {
    const { client, heard, shown, requests, pass, publish, stopLying } = await meet(lies, kind !== "a client");
    expect(requests()).toBeLessThan(name.includes("one further each time") ? MOST_PAGES : MOST_REQUESTS);
    expect(client.status.value.state).not.toBe("closed");
    stopLying();
    await pass(1);
    client.reconnect();
    await pass(120);
    // Perhaps by poll: some lies look like a proxy that keeps streams back.
    expect(client.status.value).toMatchObject({ state: "live" });
    heard.length = 0;
    for (const text of ["one", "two", "three"]) await publish(text);
    await pass(1);
    expect(heard).toEqual(["one", "two", "three"]);
    expect(shown.texts.slice(-3)).toEqual(["one", "two", "three"]);
  });

  test("there are more than 180 kinds", () => {
    expect(KINDS.length).toBeGreaterThan(180);
  });
});
