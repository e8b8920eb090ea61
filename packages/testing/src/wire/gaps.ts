import assert from "node:assert/strict";
import { assertReaches, partsOf, numbers, textsOf, type Guest } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

/** Cursors of other logs, and texts that are not cursors. */
const INVALID_CURSORS = [
  "abcdefgh.1",
  "nonsense",
  "9",
  ".5",
  "a.-1",
  "a.01",
  "a.9007199254740993",
  "é.1",
  "x".repeat(200),
];

/** Expects a stream with a `reset` gap for both its channels and then the end. Returns the id of the gap. */
async function expectReset(guest: Guest, query: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const stream = await guest.stream(`channel=rooms/tea&channel=rooms/coffee${query}`, { headers });
  const [gap, ...others] = await stream.rest();
  const channels = { "rooms/tea": "reset", "rooms/coffee": "reset" };
  assert.deepEqual([stream.hello.id, gap?.event, gap?.data, others], [null, "gap", { channels }, []]);
  return String(gap?.id);
}

export const gapLaws: readonly Law[] = [
  ...lawsOf("7", ["publish", "retention"], {
    async "A gap names exactly the channels that have lost reliable events — trimmed: others lose nothing"(guest) {
      const [before] = await guest.say("rooms/quiet", "before");
      await guest.say("rooms/quiet", "1");
      await guest.say("rooms/tea", ...numbers(1, 15));
      await guest.say("rooms/quiet", "2");
      const stream = await guest.stream(`channel=rooms/quiet&channel=rooms/tea&channel=rooms/empty&after=${before}`);
      const blocks = await stream.take(13);
      const at = blocks.findIndex(({ event }) => event === "gap");
      const [gap] = blocks.splice(at, 1);
      assert.deepEqual([gap?.data, gap?.id], [{ channels: { "rooms/tea": "trimmed" } }, null]);
      assert.deepEqual(textsOf(blocks), ["1", ...numbers(6, 15), "2"]);
      assert.ok(at <= 1, "a gap after what is newer");
      await guest.say("rooms/quiet", "3");
      assert.deepEqual(textsOf(await stream.take(1)), ["3"]);
    },
    async "There is a gap for every loss and none without a loss. — at the edge of what is kept"(guest) {
      const ids = await guest.say("rooms/tea", ...numbers(1, 15));
      const whole = await guest.stream(`channel=rooms/tea&after=${ids[4]}`);
      assert.deepEqual(textsOf(await whole.take(10)), numbers(6, 15));
      const holed = await guest.stream(`channel=rooms/tea&after=${ids[3]}`);
      const [gap, ...rest] = await holed.take(11);
      assert.deepEqual([gap?.event, textsOf(rest)], ["gap", numbers(6, 15)]);
    },
  }),
  ...lawsOf("7", ["publish", "retention", "page"], {
    async "The gap has no `id`; the stream goes on with what is left — a page has the gap, too, and only once"(guest) {
      const [one] = await guest.say("rooms/tea", ...numbers(1, 15));
      const { gap, events, cursor } = await guest.page(`channel=rooms/tea&after=${one}`);
      assert.deepEqual([gap, textsOf(events)], [{ channels: { "rooms/tea": "trimmed" } }, numbers(6, 15)]);
      assert.equal((await guest.page(`channel=rooms/tea&after=${cursor}`)).gap, undefined);
    },
  }),
  ...lawsOf("7", ["publish"], {
    async "With `reset` and `lost` the position means nothing any more: the gap names every channel — by `after`"(
      guest,
    ) {
      const [, head] = await guest.say("rooms/tea", "1", "2");
      for (const cursor of INVALID_CURSORS) {
        assertReaches(await expectReset(guest, `&after=${encodeURIComponent(cursor)}`, {}), head);
      }
    },
    async "A bad position is never answered with an error status — by `Last-Event-ID`, and the gap's id is good"(
      guest,
    ) {
      const [, head] = await guest.say("rooms/tea", "1", "2");
      for (const id of INVALID_CURSORS.map((cursor) => Buffer.from(cursor).toString("latin1"))) {
        assertReaches(await expectReset(guest, "", { "last-event-id": id }), head);
      }
      const stream = await guest.stream("channel=rooms/tea", { headers: { "last-event-id": String(head) } });
      await guest.say("rooms/tea", "3");
      assert.deepEqual(textsOf(await stream.take(1)), ["3"]);
    },
  }),
  ...lawsOf("7", ["publish", "page"], {
    async "On a page, `cursor` is that position."(guest) {
      const [, head] = await guest.say("rooms/tea", "1", "2");
      for (const cursor of INVALID_CURSORS) {
        const page = await guest.page(`channel=rooms/tea&after=${encodeURIComponent(cursor)}&wait=5`);
        assert.deepEqual([page.gap, page.events], [{ channels: { "rooms/tea": "reset" } }, []]);
        assertReaches(page.cursor, head);
      }
    },
  }),
  ...lawsOf("7", ["publish"], {
    async "When only the `@<cursor>` of one channel is bad, the gap names that channel, has no `id`"(guest) {
      const [one] = await guest.say("rooms/tea", "1", "2");
      await guest.say("rooms/coffee", "old");
      const stream = await guest.stream(`channel=rooms/tea&channel=rooms/coffee@nonsense&after=${one}`);
      await guest.say("rooms/coffee", "3");
      const [gap, ...rest] = await stream.take(3);
      assert.deepEqual(partsOf(gap), ["gap", { channels: { "rooms/coffee": "reset" } }, null]);
      assert.deepEqual(textsOf(rest), ["2", "3"]);
    },
  }),
];
