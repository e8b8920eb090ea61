import assert from "node:assert/strict";
import { numbers, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

const SAME_DATA =
  "An event here has the same data as on the stream. Volatile events and current values have no `id`. A " +
  'withdrawn value is `{ "channel", "type", "clear": "<key>", "id" }`.';

const CATCH_UP =
  "what is owed after the position, oldest first. `cursor` is the position for the next request, `more` " +
  "says whether something is owed there already.";

const SNAPSHOT_PAGE =
  'the page has one more member, `"state": { "<path>": … }`, for the channels that have a state. `events` are ' +
  "first what was published while the states were read, except for `latest` events and ends, and then " +
  "the current values of the `latest` events, and the ends. `cursor` is after all of them, so a client that goes on " +
  "from it misses nothing.";

export const pageLaws: readonly Law[] = [
  ...lawsOf("6", ["page"], {
    async "`200`, `Content-Type: application/json`, `Cache-Control: no-store`:"(guest) {
      const answer = await guest.ask("channel=rooms/tea", { headers: { accept: "application/json" } });
      const { status, headers } = answer;
      assert.deepEqual(
        [status, headers["content-type"], headers["cache-control"]],
        [200, "application/json", "no-store"],
      );
      // A page without a gap has no member `gap`.
      assert.deepEqual(Object.keys(JSON.parse(await answer.text()) as object).toSorted(), ["cursor", "events", "more"]);
    },
  }),
  ...lawsOf("6", ["publish", "clear", "values", "typing", "page"], {
    async [SAME_DATA](guest) {
      const { server } = guest;
      const [before] = await guest.say("rooms/tea", "before");
      const [id] = await guest.say("rooms/tea", "a\nb 🫖");
      await server.publish("rooms/tea", "typing", { text: "a hint" });
      const priceId = await server.publish("rooms/tea", "price", { symbol: "a", value: 1 });
      const { events, cursor } = await guest.page(`channel=rooms/tea&after=${before}`);
      const channel = "rooms/tea";
      const price = { channel, type: "price", data: { symbol: "a", value: 1 } };
      assert.deepEqual(events, [
        { channel, type: "message", data: { text: "a\nb 🫖" }, id },
        { channel, type: "typing", data: { text: "a hint" } },
        { ...price, id: priceId },
      ]);
      assert.deepEqual((await guest.page("channel=rooms/tea@now")).events, [price]);
      await server.clear("rooms/tea", "price", "a");
      const cleared = await guest.page(`channel=rooms/tea&after=${cursor}`);
      assert.deepEqual(cleared.events, [{ channel, type: "price", clear: "a", id: cleared.cursor }]);
    },
  }),
  ...lawsOf("6", ["publish", "page"], {
    async [CATCH_UP](guest) {
      const [first] = await guest.say("rooms/tea", ...numbers(0, 9));
      const texts: unknown[] = [];
      let after = first;
      let more = true;
      while (more) {
        const page = await guest.page(`channel=rooms/tea&channel=rooms/coffee&after=${after}`);
        texts.push(...textsOf(page.events));
        after = page.cursor;
        more = page.more;
      }
      assert.deepEqual(texts, numbers(1, 9));
    },
    async "With `wait`, an empty answer is held back until there is an event or the time is over: a long poll."(guest) {
      const { cursor } = await guest.page("channel=rooms/tea");
      const start = Date.now();
      const empty = await guest.page(`channel=rooms/tea&after=${cursor}&wait=1`);
      assert.deepEqual([empty.events, empty.more], [[], false]);
      assert.ok(Date.now() - start >= 950, `an empty answer after ${Date.now() - start} ms`);
      const held = guest.page(`channel=rooms/tea&after=${empty.cursor}&wait=60`);
      await guest.say("rooms/other", "0");
      await guest.say("rooms/tea", "1");
      assert.deepEqual(textsOf((await held).events), ["1"]);
    },
    async "A client may change between stream and long poll at any time and loses nothing"(guest) {
      let after = (await guest.page("channel=rooms/tea")).cursor;
      for (const text of numbers(1, 4)) {
        await guest.say("rooms/tea", `${text}a`, `${text}b`);
        const stream = await guest.stream(`channel=rooms/tea&after=${after}`);
        const [block] = await stream.take(1);
        stream.cut();
        const page = await guest.page(`channel=rooms/tea&after=${block?.id}&wait=5`);
        assert.deepEqual(textsOf([block ?? {}, ...page.events]), [`${text}a`, `${text}b`]);
        after = page.cursor;
      }
    },
  }),
  ...lawsOf("6", ["publish", "values", "page"], {
    async "For channels requested with `@`, their current values come first."(guest) {
      await guest.server.publish("rooms/tea", "topic", { text: "the topic" });
      const [one] = await guest.say("rooms/tea", "1", "2");
      const { events, cursor } = await guest.page(`channel=rooms/tea@${one}`);
      const ids = events.map(({ id }) => id);
      assert.deepEqual(
        [textsOf(events), ids],
        [
          ["the topic", "2"],
          [undefined, cursor],
        ],
      );
    },
    async "the n newest reliable events, or the n newest before a position, oldest first"(guest) {
      for (const text of numbers(1, 7)) {
        await guest.say(Number(text) % 2 === 0 ? "rooms/tea" : "rooms/coffee", text);
        await guest.server.publish("rooms/tea", "topic", { text });
      }
      const ask = (before: string) => guest.page(`channel=rooms/tea&channel=rooms/coffee&last=3${before}`);
      const newest = await ask("");
      const older = await ask(`&before=${newest.events[0]?.id}`);
      const oldest = await ask(`&before=${older.events[0]?.id}`);
      const pages = [newest, older, oldest].map(({ events, more }) => [textsOf(events), more]);
      assert.deepEqual(pages, [
        [["5", "6", "7"], true],
        [["2", "3", "4"], true],
        [["1"], false],
      ]);
    },
  }),
  ...lawsOf("6", ["publish", "page"], {
    async "Without `before`, `cursor` is the `after` with which a client goes on without missing or repeating"(guest) {
      await guest.say("rooms/tea", ...numbers(1, 5));
      const { events, cursor } = await guest.page("channel=rooms/tea&last=2");
      await guest.say("rooms/tea", "6");
      const stream = await guest.stream(`channel=rooms/tea&after=${cursor}`);
      await guest.say("rooms/tea", "7");
      assert.deepEqual([...textsOf(events), ...textsOf(await stream.take(2))], numbers(4, 7));
    },
  }),
  ...lawsOf("6", ["publish", "values", "snapshot", "page"], {
    async [SNAPSHOT_PAGE](guest) {
      await guest.say("rooms/tea", "1", "2");
      await guest.server.publish("rooms/tea", "topic", { text: "the topic" });
      const { state, cursor, events } = await guest.page("channel=rooms/tea&snapshot");
      assert.deepEqual(state, { "rooms/tea": { texts: ["1", "2"] } });
      const value = { channel: "rooms/tea", type: "topic", data: { text: "the topic" } };
      assert.deepEqual([events.filter(({ type }) => type === "topic"), events.at(-1)], [[value], value]);
      const stream = await guest.stream(`channel=rooms/tea&after=${cursor}`);
      await guest.say("rooms/tea", "3");
      const texts: unknown[] = [];
      while (texts.at(-1) !== "3") texts.push(...textsOf(await stream.take(1)));
    },
  }),
];
