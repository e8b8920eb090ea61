import { expect, test } from "vitest";
import type { StreamBlock } from "../drive/blocks.ts";
import { toPosition } from "../state/position.ts";
import { Feed } from "./feed.ts";
import { FeedReader } from "./feed-reader.ts";

const OWN = "rooms/own";
const OTHER = "rooms/other";

function block(event: string, id: string | null, data: unknown = {}): StreamBlock {
  return { event, data: JSON.stringify(data), id };
}

/** A tab that stands somewhere, and a feed that stands somewhere else. */
function readerAt(position: string, feedAt: string): FeedReader {
  const reader = new FeedReader(new Set([OWN]), toPosition(position));
  reader.join(toPosition(feedAt), 0);
  return reader;
}

const kinds = (reader: FeedReader, ...blocks: StreamBlock[]): string[] =>
  blocks.map((each) => reader.read(each, 0).kind);

test("a tab gets its own events once, and goes along with those of others", () => {
  const reader = readerAt("e.5", "e.3");
  const events = [block(`${OWN}:a`, "e.4"), block(`${OTHER}:a`, "e.6"), block(`${OWN}:a`, "e.7")];
  expect(kinds(reader, ...events, ...events)).toEqual(["skip", "skip", "tell", "skip", "skip", "skip"]);
  expect(reader.position?.token).toBe("e.7");
});

test("a gap is told to a tab that stands where the feed stands, and only what concerns it", () => {
  const reader = readerAt("e.5", "e.5");
  const both = { channels: { [OWN]: "trimmed", [OTHER]: "trimmed" } };
  expect(reader.read(block("gap", null, both), 0)).toEqual({
    kind: "tell",
    block: block("gap", null, { channels: { [OWN]: "trimmed" } }),
  });
  expect(kinds(reader, block("gap", null, { channels: { [OTHER]: "trimmed" } }))).toEqual(["skip"]);
});

test("a tab that is ahead of the feed does not believe its gaps, nor its next epoch", () => {
  const gap = block("gap", null, { channels: { [OWN]: "trimmed" } });
  expect(kinds(readerAt("e.5", "e.3"), gap)).toEqual(["leave"]);
  expect(kinds(readerAt("e.5", "e.3"), block("gap", null, { channels: { [OTHER]: "trimmed" } }))).toEqual(["skip"]);
  expect(kinds(readerAt("e.5", "e.3"), block(`${OTHER}:a`, "f.4"))).toEqual(["leave"]);
  expect(kinds(readerAt("e.5", "e.5"), block(`${OWN}:a`, "f.6"))).toEqual(["tell"]);
});

test("a gap with a position is never taken for a repetition", () => {
  const gap = block("gap", "e.2", { channels: { [OWN]: "lost" } });
  expect(kinds(readerAt("e.5", "e.5"), gap)).toEqual(["tell"]);
});

test("a hole ends with a heartbeat that has a position", () => {
  const reader = readerAt("e.5", "e.5");
  reader.read(block("gap", null, { channels: { [OWN]: "trimmed" } }), 0);
  reader.read(block(`${OTHER}:a`, "e.7"), 0);
  expect(reader.isInHole).toBe(true);
  reader.read(block("heartbeat", null), 0);
  expect(reader.isInHole).toBe(true);
  reader.read(block("heartbeat", "e.9"), 0);
  expect(reader.isInHole).toBe(false);
});

test("withdrawals and refusals reach those who follow the path, and the end of a stream everybody", () => {
  const reader = readerAt("e.5", "e.5");
  const clear = (channel: string) => block("clear", null, { channel, type: "a", key: "" });
  const bye = (channels: string[]) => block("bye", null, { reason: "forbidden", channels });
  const blocks = [clear(OWN), clear(OTHER), bye([OWN]), bye([OTHER]), block("bye", null, { reason: "draining" })];
  expect(kinds(reader, ...blocks)).toEqual(["tell", "skip", "tell", "skip", "tell"]);
  expect(reader.read(bye([OTHER, OWN]), 0)).toMatchObject({ block: bye([OWN]) });
});

test("nobody joins a feed inside of a hole, nor before it is known where it stands", () => {
  const feed = new Feed("feed", new Set([OWN]), toPosition("e.1"), [], 0);
  expect(feed.isJoinable).toBe(true);
  feed.enterHole();
  feed.reach(null);
  expect(feed.isJoinable).toBe(false);
  feed.reach(toPosition("e.4"));
  expect(feed.isJoinable).toBe(true);
  expect(new Feed("feed", new Set([OWN]), null, [], 0).isJoinable).toBe(false);
});

test("an event without an id is told once, also where the next feed, or a page, has brought it", () => {
  const reader = readerAt("e.5", "e.5");
  const typing = (who: string) => block(`${OWN}:typing`, null, { who });
  expect(kinds(reader, typing("a"), block(`${OTHER}:a`, "e.7"), typing("b"))).toEqual(["tell", "skip", "tell"]);
  reader.join(toPosition("e.5"), 0);
  const again = [typing("a"), block(`${OTHER}:a`, "e.7"), typing("b"), typing("b")];
  expect(kinds(reader, ...again)).toEqual(["skip", "skip", "skip", "tell"]);
  reader.position = toPosition("e.9");
  expect(kinds(reader, typing("c"), block(`${OTHER}:a`, "e.9"), typing("d"))).toEqual(["skip", "skip", "tell"]);
});
