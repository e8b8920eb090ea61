import assert from "node:assert/strict";
import { numbers, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

const VOID_POSITION = "With `reset` and `lost` the position means nothing any more: the gap names every channel";

/** The laws about a failover that loses events. */
export const failoverLaws: readonly Law[] = [
  ...lawsOf("7", ["publish", "failOver"], {
    async "the log failed over to a copy that does not have the events up to this position"(guest) {
      const ids = await guest.say("rooms/tea", ...numbers(1, 5));
      await guest.server.failOver(2);
      for (const id of ids.slice(3)) {
        const stream = await guest.stream("channel=rooms/tea&channel=rooms/coffee", {
          headers: { "last-event-id": id },
        });
        const [gap, ...others] = await stream.rest();
        const channels = { "rooms/tea": "lost", "rooms/coffee": "lost" };
        assert.deepEqual([gap?.event, gap?.data, others], ["gap", { channels }, []]);
        assert.notEqual(gap?.id, null);
      }
    },
    async [`${VOID_POSITION} — on a stream that is open, and from that id everything comes`](guest) {
      const stream = await guest.stream("channel=rooms/open");
      await guest.say("rooms/open", ...numbers(1, 5));
      assert.deepEqual(textsOf(await stream.take(5)), numbers(1, 5));
      await guest.server.failOver(2);
      const [gap, ...others] = await stream.rest();
      assert.deepEqual([gap?.event, gap?.data, others], ["gap", { channels: { "rooms/open": "lost" } }, []]);
      const [six] = await guest.say("rooms/open", "6");
      const again = await guest.stream(`channel=rooms/open&after=${gap?.id}`);
      const [message] = await again.take(1);
      assert.deepEqual([textsOf([message ?? {}]), message?.id], [["6"], six]);
    },
    async "There is a gap for every loss and none without a loss. — none for a client without the lost events"(guest) {
      const ids = await guest.say("rooms/early", ...numbers(1, 5));
      await guest.server.failOver(2);
      const [six] = await guest.say("rooms/early", "6");
      for (const [index, id] of ids.slice(0, 3).entries()) {
        const stream = await guest.stream(`channel=rooms/early&after=${id}`);
        const blocks = await stream.take(3 - index);
        assert.deepEqual([textsOf(blocks), blocks.at(-1)?.id], [[...numbers(index + 2, 3), "6"], six]);
      }
    },
  }),
  ...lawsOf("7", ["publish", "failOver", "page"], {
    async "On a page, `cursor` is that position. — after a failover"(guest) {
      const ids = await guest.say("rooms/tea", ...numbers(1, 5));
      await guest.server.failOver(2);
      const { gap, events, cursor } = await guest.page(`channel=rooms/tea&after=${ids[4]}`);
      assert.deepEqual([gap, events], [{ channels: { "rooms/tea": "lost" } }, []]);
      await guest.say("rooms/tea", "6");
      assert.deepEqual(textsOf((await guest.page(`channel=rooms/tea&after=${cursor}`)).events), ["6"]);
    },
  }),
];
