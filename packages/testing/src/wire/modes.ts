import assert from "node:assert/strict";
import { idsOf, namesOf, partsOf, numbers, seqOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

const NEWEST_OF_KEY =
  "the newest event of each key is sent; superseded events may be skipped, and this is not a gap. Such an " +
  "event has an `id`.";

export const modeLaws: readonly Law[] = [
  ...lawsOf("5.4", ["publish"], {
    async "every event is sent, or a gap is sent instead. Such an event has an `id`."(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      // The server keeps 10 events, so a slow client still gets all of them.
      const ids = await guest.say("rooms/tea", ...numbers(1, 10));
      const blocks = await stream.take(10);
      assert.deepEqual(idsOf(blocks), ids);
    },
  }),
  ...lawsOf("5.4", ["publish", "values"], {
    async [NEWEST_OF_KEY](guest) {
      const price = (symbol: string, value: number) => guest.server.publish("rooms/tea", "price", { symbol, value });
      const before = await price("old", 0);
      const values: string[] = [];
      for (const value of numbers(1, 12)) {
        values.push(await price(Number(value) % 2 === 0 ? "a" : "b", Number(value)));
      }
      const stream = await guest.stream(`channel=rooms/tea&after=${before}`);
      const ids: unknown[] = [];
      while (!ids.includes(values[10]) || !ids.includes(values[11])) {
        const [block] = await stream.take(1);
        assert.equal(block?.event, "rooms/tea:price");
        ids.push(block.id);
      }
    },
    async "A channel requested with `@` first gets the newest value of each key, without `id`."(guest) {
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
  }),
  ...lawsOf("5.4", ["publish", "values", "clear", "page"], {
    async "When a value is withdrawn or expires: — it is withdrawn"(guest) {
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
  }),
  ...lawsOf("5.4", ["publish", "values", "pass"], {
    async "When a value is withdrawn or expires: — it expires"(guest) {
      const { server } = guest;
      const id = await server.publish("rooms/tea", "status", { text: "away" });
      const stream = await guest.stream("channel=rooms/tea@now");
      assert.deepEqual(namesOf(await stream.take(1)), ["rooms/tea:status"]);
      await server.pass(61_000);
      const [clear] = await stream.take(1);
      assert.deepEqual([clear?.event, clear?.data], ["clear", { channel: "rooms/tea", type: "status", key: "" }]);
      assert.ok(seqOf(clear?.id) > seqOf(id), `an id of ${clear?.id}`);
    },
  }),
  ...lawsOf("5.4", ["publish", "values", "clear", "retention"], {
    async "A `clear` that retention has removed is a gap"(guest) {
      const { server } = guest;
      const ids: string[] = [];
      for (const symbol of numbers(1, 12)) {
        ids.push(await server.publish("rooms/left", "price", { symbol, value: 1 }));
        await server.clear("rooms/left", "price", symbol);
      }
      const [next] = await guest.say("rooms/left", "next");
      const holed = await guest.stream(`channel=rooms/left&after=${ids[0]}`);
      const [gap] = await holed.take(1);
      assert.deepEqual(partsOf(gap), ["gap", { channels: { "rooms/left": "trimmed" } }, null]);
      const whole = await guest.stream(`channel=rooms/left&after=${ids[11]}`);
      const [clear, message] = await whole.take(2);
      assert.deepEqual([clear?.event, message?.id], ["clear", next]);
    },
  }),
  ...lawsOf("5.4", ["publish", "typing"], {
    async "It has no `id`, is never a gap"(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      await guest.server.publish("rooms/tea", "typing", { text: "a hint" });
      const [id] = await guest.say("rooms/tea", "1");
      const [hint, message] = await stream.take(2);
      assert.deepEqual(partsOf(hint), ["rooms/tea:typing", { text: "a hint" }, null]);
      assert.equal(message?.id, id);
    },
  }),
  ...lawsOf("5.4", ["publish", "typing", "pass"], {
    async "sent to every client that reads within 5 seconds."(guest) {
      const { server } = guest;
      const [before] = await guest.say("rooms/tea", "before");
      await server.publish("rooms/tea", "typing", { text: "a hint" });
      await server.pass(1_000);
      const soon = await guest.stream(`channel=rooms/tea&after=${before}`);
      assert.deepEqual(namesOf(await soon.take(1)), ["rooms/tea:typing"]);
      await server.pass(4_500);
      const late = await guest.stream(`channel=rooms/tea&after=${before}`);
      await guest.say("rooms/tea", "1");
      assert.deepEqual(namesOf(await late.take(1)), ["rooms/tea:message"]);
    },
  }),
  ...lawsOf("5.5", ["publish", "typing", "heartbeat"], {
    async "When a stream has sent nothing with an `id` for the heartbeat interval — a volatile event is nothing"(
      guest,
    ) {
      const stream = await guest.stream("channel=rooms/tea");
      await guest.server.publish("rooms/tea", "typing", { text: "a hint" });
      const [hint] = await stream.take(1);
      assert.equal(hint?.id, null);
      for (const beat of [await stream.next(), await stream.next()]) {
        assert.deepEqual([beat?.event, beat?.data, seqOf(beat?.id)], ["heartbeat", {}, seqOf(stream.hello.id) + 1]);
      }
    },
  }),
  ...lawsOf("5.5", ["publish", "heartbeat"], {
    async "The `id` is the position up to which this connection has everything — a quiet channel has no gap"(guest) {
      await guest.say("rooms/tea", "1");
      const stream = await guest.stream("channel=rooms/tea");
      const others = await guest.say("rooms/busy", ...numbers(1, 30));
      let beat = await stream.next();
      // Publishing may take longer than a heartbeat.
      for (let more = 10; beat?.id !== others.at(-1) && more > 0; more--) beat = await stream.next();
      assert.deepEqual([beat?.event, beat?.id], ["heartbeat", others.at(-1)]);
      stream.cut();
      await guest.say("rooms/busy", ...numbers(31, 60));
      const again = await guest.stream(`channel=rooms/tea&after=${beat?.id}`);
      await guest.say("rooms/tea", "2");
      assert.deepEqual(textsOf(await again.take(1)), ["2"]);
    },
  }),
];
