import { expect, test } from "vitest";
import { inbox, lobby } from "../../test/client-kit.ts";
import { joined, MENTION, MESSAGE } from "../../test/subscription-kit.ts";

const FAR = "e.9007199254740991";
const state = { [lobby.path]: { messages: ["b"] } };

/** A room whose page has told a position that the log does not have yet. */
async function joinedFar() {
  const kit = await joined();
  kit.client.subscribe(inbox, { onGap: () => {} });
  await kit.clock.advance(0);
  kit.stream.event(MESSAGE, { text: "far" }, FAR);
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.1");
  await kit.clock.advance(0);
  const pages = kit.server.pages.length;
  return { ...kit, stream, pages: () => kit.server.pages.length - pages };
}

test("a heartbeat that does not come as far as the room makes it ask, and it begins anew after the loss", async () => {
  const { server, clock, stream, reports, pages } = await joinedFar();
  stream.event(MESSAGE, { text: "2" }, "e.2");
  stream.heartbeat("e.3");
  await clock.advance(0);
  expect([pages(), server.page.after]).toEqual([1, FAR]);
  server.page.page({ cursor: "e.3", gap: { channels: { [lobby.path]: "lost" } } });
  await clock.advance(1_000);
  server.page.page({ cursor: "e.3", state });
  await clock.advance(0);
  stream.event(MESSAGE, { text: "4" }, "e.4");
  await clock.advance(0);
  expect(reports.slice(2)).toEqual([`gap lost after ${FAR}`, "state b", "4 e.4"]);
});

test("a server that lags is asked once for each heartbeat, and nothing is told twice", async () => {
  const { server, clock, stream, reports, pages } = await joinedFar();
  for (const seq of [2, 3, 4]) {
    stream.heartbeat(`e.${seq}`);
    await clock.advance(0);
    server.page.page({ cursor: FAR });
    await clock.advance(0);
  }
  expect([pages(), reports.slice(2)]).toEqual([3, []]);
});

test("a heartbeat that comes as far makes nobody ask", async () => {
  const { server, clock, stream } = await joined();
  stream.event(MESSAGE, { text: "2" }, "e.2");
  stream.heartbeat("e.2");
  await clock.advance(0);
  expect(server.pages).toHaveLength(1);
});

test("a stream that is too busy for heartbeats makes a room that is ahead of it ask, too", async () => {
  const { server, clock, stream, reports, pages } = await joinedFar();
  for (let seq = 2; seq < 32; seq++) {
    stream.event(seq % 2 ? MESSAGE : MENTION, { text: `${seq}`, by: "" }, `e.${seq}`);
    await clock.advance(1_000);
  }
  // Nobody has answered the first one yet.
  expect([pages(), server.page.after]).toEqual([1, FAR]);
  server.page.page({ cursor: "e.31", gap: { channels: { [lobby.path]: "lost" } } });
  await clock.advance(1_000);
  server.page.page({ cursor: "e.31", state });
  await clock.advance(0);
  stream.event(MESSAGE, { text: "32" }, "e.32");
  await clock.advance(0);
  expect(reports.slice(2)).toEqual([`gap lost after ${FAR}`, "state b", "32 e.32"]);
});

test("a busy stream that is only a little behind a room makes nobody ask before the time of a heartbeat", async () => {
  const { clock, stream, pages } = await joinedFar();
  for (let seq = 2; seq < 12; seq++) {
    stream.event(MENTION, { by: "" }, `e.${seq}`);
    await clock.advance(1_000);
  }
  expect(pages()).toBe(0);
});
