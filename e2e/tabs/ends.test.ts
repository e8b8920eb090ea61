import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { MemoryNetwork, VirtualClock } from "@tidings/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { randomOf } from "../simulation/random.ts";
import { FakeBrowser, FINE } from "./fake-browser.ts";
import { FakeTab } from "./fake-tab.ts";

const contract = defineContract({
  answer: channel("answers/:id", { word: z.number() }, { end: z.object({ words: z.number() }) }),
  room: channel("rooms/:id", { message: z.string() }),
});
const answer = contract.answer({ id: "a" });
const room = contract.room({ id: "lobby" });
/** Histories that are tried. */
const SEEDS = 30;
const ALL = ["0", "1", "2", "3", "4", "end after 5", "closed: ended"];

/** Tabs of one viewer in a browser, which follow an answer and a room. */
function openBrowser(seed: number) {
  const random = randomOf(seed);
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const log = memoryLog({ now: clock.now });
  const start = () => {
    const hub = createHub(contract, { log, authorize: () => true, clock, random, onLog: () => {}, drain: 500 });
    network.listener = (request) => hub.handle(request);
    return hub;
  };
  const browser = new FakeBrowser({ random, setTimeout: (task, after) => clock.setTimeout(task, after) });
  const open = (after?: string) => {
    const needs = { contract, browser, network, clock, random, viewer: "ada", latency: () => random() * 40 };
    const tab = new FakeTab(needs);
    const heard: string[] = [];
    const handlers = {
      word: (word: number) => void heard.push(String(word)),
      onEnd: ({ words }: { words: number }) => void heard.push(`end after ${words}`),
      onGap: ({ reason }: { reason: string }) => void heard.push(`gap: ${reason}`),
      onClose: (reason: string) => void heard.push(`closed: ${reason}`),
    };
    tab.client.subscribe(answer, handlers, after === undefined ? {} : { after });
    const messages: string[] = [];
    tab.client.subscribe(room, { message: (text) => void messages.push(text), onGap: () => {} });
    return { tab, heard, messages };
  };
  return { hub: start(), random, clock, browser, open };
}

test("when the leader dies or freezes around the end, every other tab hears all of it once, and the end", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { hub, random, clock, browser, open } = openBrowser(seed);
    const pages = [open(), open(), open()];
    await clock.advance(5_000);
    browser.weather = { lost: 0.1, repeated: 0.1, late: 0.2 };
    const fault = () => {
      const [holder] = browser.holders;
      const leader = pages.find(({ tab }) => tab === holder);
      if (random() < 0.3) leader?.tab.freeze();
      else leader?.tab.kill();
    };
    clock.setTimeout(fault, 200 * random());
    for (let word = 0; word < 5; word++) {
      await hub.publish(answer, "word", word);
      await clock.advance(random() * 40);
    }
    const { id } = await hub.end(answer, { words: 5 });
    await clock.advance(random() * 60);
    // Somebody comes when all is over, and somebody who has had the end comes back.
    pages.push(open());
    const back = open(id);
    await clock.advance(5_000);
    browser.weather = FINE;
    await clock.advance(60_000);
    for (const { tab } of pages) if (tab.isFrozen) tab.unfreeze();
    await clock.advance(60_000);
    const [first, second, third, late] = pages;
    for (const page of [first, second, third]) {
      if (page?.tab.isDead === false) expect([seed, ...page.heard]).toEqual([seed, ...ALL]);
    }
    for (const page of [late, back]) {
      expect([seed, ...(page?.heard ?? [])]).toEqual([seed, "end after 5", "closed: ended"]);
    }
    // The room goes on for all of them, and the path that is over is on no stream.
    await hub.publish(room, "message", "hello");
    await clock.advance(30_000);
    for (const { tab, messages } of [...pages, back]) if (!tab.isDead) expect(messages).toEqual(["hello"]);
    const paths = pages.flatMap(({ tab }) => tab.streams.flat()).map((path) => path.split("@")[0]);
    expect(paths).not.toContain(answer.path);
    for (const { tab } of [...pages, back]) tab.client.close();
    await Promise.all([hub.close(), clock.advance(10_000)]);
  }
}, 300_000);
