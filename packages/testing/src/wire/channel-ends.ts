import assert from "node:assert/strict";
import { namesOf, partsOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

const OVER_FIRST =
  "When a channel has ended at or before the position where it starts, the end comes first, after the current " +
  "values, and without an `id`. This is so for a channel requested with `@`, and for every channel of a request " +
  "that says nothing about where the connection starts.";
const IS_RELIABLE =
  "An end is a reliable event: it has an `id`, it is in histories and on pages, and when retention has removed it, " +
  "it is a loss (section 7).";

const END = { channel: "jobs/a", type: "end", data: { text: "over" } };
const DAY = 86_400_000;

export const channelEndLaws: readonly Law[] = [
  ...lawsOf("5.7", ["publish", "end"], {
    async "The event with the type `end` is its last one: no event of the channel comes after it."(guest) {
      const live = await guest.stream("channel=jobs/a");
      const [first] = await guest.say("jobs/a", "1", "2");
      const id = await guest.server.end("jobs/a", END.data);
      await assert.rejects(guest.say("jobs/a", "late"));
      await assert.rejects(guest.server.end("jobs/a", END.data));
      for (const stream of [live, await guest.stream(`channel=jobs/a&channel=rooms/tea&after=${first}`)]) {
        const blocks = await stream.take(stream === live ? 3 : 2);
        assert.deepEqual(partsOf(blocks.at(-1)), ["jobs/a:end", END.data, id]);
        assert.deepEqual(textsOf(blocks.slice(-2)), ["2", "over"]);
      }
    },
    async "The stream goes on after an end, for the other channels."(guest) {
      const stream = await guest.stream("channel=jobs/a&channel=rooms/tea");
      await guest.server.end("jobs/a", END.data);
      await guest.say("rooms/tea", "next");
      assert.deepEqual(textsOf(await stream.take(2)), ["over", "next"]);
    },
  }),
  ...lawsOf("5.7", ["publish", "end", "values"], {
    async [`${OVER_FIRST} — of a stream`](guest) {
      await guest.server.publish("jobs/a", "topic", { text: "tea" });
      const id = await guest.server.end("jobs/a", END.data);
      const end = ["jobs/a:end", END.data, null];
      for (const query of ["jobs/a@now", `jobs/a@${id}`]) {
        const blocks = await (await guest.stream(`channel=${query}`)).take(2);
        assert.deepEqual(blocks.map(partsOf), [["jobs/a:topic", { text: "tea" }, null], end]);
      }
      const plain = await guest.stream("channel=jobs/a");
      assert.deepEqual((await plain.take(1)).map(partsOf), [end]);
      const back = await guest.stream(`channel=jobs/a&channel=rooms/tea&after=${id}`);
      await guest.say("rooms/tea", "next");
      assert.deepEqual(namesOf(await back.take(1)), ["rooms/tea:message"]);
    },
  }),
  ...lawsOf("5.7", ["publish", "end", "values", "page"], {
    async [`${OVER_FIRST} — of a page`](guest) {
      await guest.server.publish("jobs/a", "topic", { text: "tea" });
      const id = await guest.server.end("jobs/a", END.data);
      const typesOf = async (query: string) => (await guest.page(query)).events.map((event) => [event.type, event.id]);
      const end = ["end", undefined];
      assert.deepEqual(await typesOf("channel=jobs/a@now"), [["topic", undefined], end]);
      assert.deepEqual(await typesOf("channel=jobs/a"), [end]);
      assert.deepEqual(await typesOf("channel=jobs/a&wait=30"), [end]);
      assert.deepEqual(await typesOf(`channel=jobs/a&after=${id}`), []);
    },
  }),
  ...lawsOf("5.7", ["publish", "end", "page"], {
    async [`${IS_RELIABLE} — with an id`](guest) {
      const [first] = await guest.say("jobs/a", "1");
      const id = await guest.server.end("jobs/a", END.data);
      assert.deepEqual((await guest.page(`channel=jobs/a&after=${first}`)).events, [{ ...END, id }]);
      assert.deepEqual((await guest.page("channel=jobs/a&last=1")).events, [{ ...END, id }]);
    },
  }),
  ...lawsOf("5.7", ["publish", "end", "pass", "retention"], {
    async [`${IS_RELIABLE} — removed by retention`](guest) {
      const [first] = await guest.say("jobs/a", "1");
      await guest.server.end("jobs/a", END.data);
      await guest.say("rooms/tea", "2");
      await guest.server.pass(2 * DAY);
      const stream = await guest.stream(`channel=jobs/a&after=${first}`);
      const [gap] = await stream.take(1);
      assert.deepEqual(partsOf(gap), ["gap", { channels: { "jobs/a": "trimmed" } }, null]);
    },
  }),
];
