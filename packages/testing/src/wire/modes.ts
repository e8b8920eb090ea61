import assert from "node:assert/strict";
import { idsOf, partsOf, numbers, seqOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

export const modeLaws: readonly Law[] = [
  ...lawsOf("5.4", {
    async "every event is sent, or a gap is. It has an `id`."(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      // As many as are kept: a reader may lag.
      const ids = await guest.say("rooms/tea", ...numbers(1, 10));
      const blocks = await stream.take(10);
      assert.deepEqual(idsOf(blocks), ids);
    },
    async "the newest event of each key is sent; superseded ones may be skipped and are not a gap. It has an `id`."(
      guest,
    ) {
      const price = (symbol: string, value: number) => guest.server.publish("rooms/tea", "price", { symbol, value });
      const before = await price("old", 0);
      const values = await Promise.all(
        numbers(1, 12).map((value) => price(Number(value) % 2 === 0 ? "a" : "b", Number(value))),
      );
      const stream = await guest.stream(`channel=rooms/tea&after=${before}`);
      const ids: unknown[] = [];
      while (!ids.includes(values[10]) || !ids.includes(values[11])) {
        const [block] = await stream.take(1);
        assert.equal(block?.event, "rooms/tea:price");
        ids.push(block.id);
      }
    },
    async "A channel asked with `@` first gets the newest value of each key, without `id`."(guest) {
      const prices = [
        ["a", 1],
        ["b", 2],
        ["a", 3],
      ] as const;
      for (const [symbol, value] of prices) await guest.server.publish("rooms/tea", "price", { symbol, value });
      const stream = await guest.stream("channel=rooms/tea@now");
      const blocks = await stream.take(2);
      assert.deepEqual(
        blocks.map(({ data, id }) => [data, id]),
        [
          [{ symbol: "b", value: 2 }, null],
          [{ symbol: "a", value: 3 }, null],
        ],
      );
      await guest.say("rooms/tea", "next");
      assert.deepEqual(textsOf(await stream.take(1)), ["next"]);
    },
    async "When a value is withdrawn or expires:"(guest) {
      await guest.server.publish("rooms/tea", "price", { symbol: "a", value: 1 });
      const stream = await guest.stream("channel=rooms/tea@now");
      await stream.take(1);
      await guest.server.clear("rooms/tea", "price", "a");
      const [id] = await guest.say("rooms/tea", "next");
      const [clear, next] = await stream.take(2);
      assert.deepEqual([clear?.event, clear?.data], ["clear", { channel: "rooms/tea", type: "price", key: "a" }]);
      assert.deepEqual([seqOf(clear?.id), next?.id], [seqOf(id) - 1, id]);
      const { events } = await guest.page("channel=rooms/tea@now");
      assert.deepEqual(events, []);
    },
    async "It has no `id`, is never a gap"(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      await guest.server.publish("rooms/tea", "typing", { text: "a hint" });
      const [id] = await guest.say("rooms/tea", "1");
      const [hint, message] = await stream.take(2);
      assert.deepEqual(partsOf(hint), ["rooms/tea:typing", { text: "a hint" }, null]);
      assert.equal(message?.id, id);
    },
  }),
  ...lawsOf("5.5", {
    async "When a stream has sent nothing with an `id` for the heartbeat interval, it sends — and a volatile event is nothing"(
      guest,
    ) {
      const stream = await guest.stream("channel=rooms/tea");
      await guest.server.publish("rooms/tea", "typing", { text: "a hint" });
      assert.equal((await stream.next())?.id, null);
      for (const beat of [await stream.next(), await stream.next()]) {
        assert.deepEqual([beat?.event, beat?.data, seqOf(beat?.id)], ["heartbeat", {}, seqOf(stream.hello.id) + 1]);
      }
    },
    async "The `id` is the position up to which this connection has everything it asked for — so a quiet channel never falls out of retention"(
      guest,
    ) {
      await guest.say("rooms/tea", "1");
      const stream = await guest.stream("channel=rooms/tea");
      const others = await guest.say("rooms/busy", ...numbers(1, 30));
      const beat = await stream.next();
      assert.deepEqual([beat?.event, beat?.id], ["heartbeat", others.at(-1)]);
      stream.cut();
      await guest.say("rooms/busy", ...numbers(31, 60));
      const again = await guest.stream(`channel=rooms/tea&after=${beat?.id}`);
      await guest.say("rooms/tea", "2");
      assert.deepEqual(textsOf(await again.take(1)), ["2"]);
    },
  }),
  ...lawsOf("5.6", {
    async "`bye` is the last event of a stream that the server ends on purpose — draining, after everything that was published"(
      guest,
    ) {
      const streams = [await guest.stream("channel=rooms/tea"), await guest.stream("channel=rooms/tea&last=1")];
      await guest.say("rooms/tea", "1");
      for (const stream of streams) assert.deepEqual(textsOf(await stream.take(1)), ["1"]);
      await guest.server.drain();
      for (const stream of streams) {
        const rest = await stream.rest();
        const [bye] = rest;
        assert.deepEqual([rest.length, bye?.event, bye?.data, bye?.id], [1, "bye", { reason: "draining" }, null]);
        assert.ok(bye?.retry === null || Number(bye?.retry) >= 500, `a retry of ${bye?.retry}`);
      }
    },
    async "`bye` speaks of these channels only and **the stream goes on** for the others."(guest) {
      const stream = await guest.stream("channel=rooms/secret&channel=rooms/tea&channel=nowhere");
      await guest.say("rooms/secret", "hidden");
      await guest.say("rooms/tea", "1");
      const [one, other, message] = await stream.take(3);
      const byes = [one, other].map((bye) => JSON.stringify(partsOf(bye)));
      assert.deepEqual(byes.toSorted(), [
        '["bye",{"reason":"forbidden","channels":["rooms/secret"]},null]',
        '["bye",{"reason":"unknown","channels":["nowhere"]},null]',
      ]);
      assert.deepEqual(textsOf([message ?? {}]), ["1"]);
    },
  }),
];
