import assert from "node:assert/strict";
import { numbers, partsOf, textsOf, type Guest } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";
import type { RequestOptions } from "./transport.ts";

const START_RULE =
  "the `Last-Event-ID` header if there is one that is not empty, else `after`, else `last`, else the earliest " +
  "`@<cursor>` of a channel, else now.";

/** Makes the query and headers of a request from the ids of five messages. */
type MakeRequest = (ids: readonly string[]) => readonly [query: string, headers?: RequestOptions["headers"]];

/** Publishes five messages, opens a stream, publishes a sixth, and returns the texts on the stream. */
async function firstTexts(guest: Guest, makeRequest: MakeRequest) {
  const ids = await guest.say("rooms/tea", ...numbers(1, 5));
  const [query, headers = {}] = makeRequest(ids);
  const stream = await guest.stream(`channel=rooms/tea${query}`, { headers });
  await guest.say("rooms/tea", "6");
  const texts: unknown[] = [];
  while (texts.at(-1) !== "6") texts.push(...textsOf(await stream.take(1)));
  return texts;
}

/** Expects that a stream starts with this one of six messages. */
function startsWith(first: number, makeRequest: MakeRequest): Law["run"] {
  return async (guest) => assert.deepEqual(await firstTexts(guest, makeRequest), numbers(first, 6));
}

export const startLaws: readonly Law[] = [
  ...lawsOf("4", ["publish"], {
    [`${START_RULE} — the header before after`]: startsWith(5, ([one, , , four]) => [
      `&after=${one}`,
      { "last-event-id": String(four) },
    ]),
    [`${START_RULE} — an empty header is none`]: startsWith(2, ([one]) => [`&after=${one}`, { "last-event-id": "" }]),
    [`${START_RULE} — after before last`]: startsWith(4, ([, , three]) => [`&after=${three}&last=5`]),
    [`${START_RULE} — last before \`@<cursor>\``]: startsWith(4, ([, two]) => [`@${two}&last=2`]),
    [`${START_RULE} — \`@<cursor>\` before now`]: startsWith(3, ([, two]) => [`@${two}`]),
    async [`${START_RULE} — the earliest of two`](guest) {
      const [, two, three] = await guest.say("rooms/tea", "1", "2", "3");
      await guest.say("rooms/coffee", "4");
      await guest.say("rooms/tea", "5");
      const [six] = await guest.say("rooms/coffee", "6");
      await guest.say("rooms/tea", "7");
      const stream = await guest.stream(`channel=rooms/coffee@${six}&channel=rooms/tea@${three}`);
      assert.deepEqual(textsOf(await stream.take(2)), ["5", "7"]);
      const swapped = await guest.stream(`channel=rooms/tea@${two}&channel=rooms/coffee@${six}`);
      assert.deepEqual(textsOf(await swapped.take(3)), ["3", "5", "7"]);
    },
    [`${START_RULE} — now`]: startsWith(6, () => [""]),
    async "A request with `Last-Event-ID` comes from a client that returns with its first URL — cut anywhere"(guest) {
      const ids = await guest.say("rooms/tea", ...numbers(1, 8));
      for (const [index, id] of ids.entries()) {
        const first = await guest.stream("channel=rooms/tea&last=8");
        assert.deepEqual((await first.take(index + 1)).at(-1)?.id, id);
        first.cut();
        const headers = { "last-event-id": id };
        const second = await guest.stream("channel=rooms/tea&last=8", { headers });
        assert.deepEqual(textsOf(await second.take(7 - index)), numbers(index + 2, 8));
        second.cut();
      }
    },
    async "the same, from the newest position at this moment — while another channel goes on from `after`"(guest) {
      const [zero] = await guest.say("rooms/other", "0");
      await guest.say("rooms/tea", "1", "2");
      await guest.say("rooms/new", "old");
      const stream = await guest.stream(`channel=rooms/tea&channel=rooms/new@now&after=${zero}`);
      await guest.say("rooms/new", "new");
      assert.deepEqual(textsOf(await stream.take(3)), ["1", "2", "new"]);
    },
  }),
  ...lawsOf("4", ["publish", "values"], {
    async "so the server then ignores the part after `@`, and also `after` and `last`."(guest) {
      await guest.server.publish("rooms/tea", "topic", { text: "old" });
      const texts = await firstTexts(guest, ([, two]) => ["@now&last=1", { "last-event-id": String(two) }]);
      assert.deepEqual(texts, numbers(3, 6));
    },
    async "it starts after `<cursor>`, and its current `latest` values come first"(guest) {
      const [one] = await guest.say("rooms/tea", "1", "2");
      await guest.server.publish("rooms/tea", "topic", { text: "the topic" });
      const stream = await guest.stream(`channel=rooms/tea@${one}`);
      const [topic, two] = await stream.take(2);
      assert.deepEqual(partsOf(topic), ["rooms/tea:topic", { text: "the topic" }, null]);
      assert.deepEqual(two?.data, { text: "2" });
    },
    async "gets what is published from now on. It does not get the current value of a `latest` event"(guest) {
      await guest.server.publish("rooms/tea", "topic", { text: "old" });
      const stream = await guest.stream("channel=rooms/tea");
      await guest.say("rooms/tea", "1");
      assert.deepEqual(textsOf(await stream.take(1)), ["1"]);
    },
  }),
  ...lawsOf("4", ["publish", "typing"], {
    async "start before the n-th newest reliable event of all requested channels together."(guest) {
      await guest.say("rooms/tea", "1");
      await guest.say("rooms/coffee", "2", "3");
      await guest.server.publish("rooms/tea", "typing", { text: "a hint" });
      await guest.say("rooms/tea", "4");
      await guest.say("rooms/water", "5");
      const stream = await guest.stream("channel=rooms/tea&channel=rooms/coffee&last=3");
      const messages = (await stream.take(4)).filter(({ event }) => event.endsWith(":message"));
      assert.deepEqual(textsOf(messages), ["2", "3", "4"]);
    },
  }),
];
