import assert from "node:assert/strict";
import { idsOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

/** Spellings of which none is what encoding its decoded segments gives. */
const FOREIGN = [
  "rooms/%2e",
  "rooms/..",
  "rooms/",
  "rooms//tea",
  "rooms/a b",
  "rooms/%41",
  "rooms/a%2fb",
  "rooms/é",
  "/rooms/tea",
];
/** Pairs that look alike: another case, other bytes of the same letter, an encoded slash. */
const ALIKE = [
  ["rooms/Tea", "rooms/tea"],
  ["rooms/caf%C3%A9", "rooms/cafe%CC%81"],
  ["rooms/a%2Fb", "rooms/a%252Fb"],
] as const;

export const pathLaws: readonly Law[] = [
  ...lawsOf("2", {
    async 'A cursor is ASCII, 64 bytes at most: `epoch "." seq`.'(guest) {
      const ids = await guest.say("rooms/tea", "1", "2");
      const stream = await guest.stream("channel=rooms/tea&last=2");
      const blocks = await stream.take(2);
      assert.deepEqual(idsOf(blocks), ids);
      for (const id of [stream.hello.id, ...ids])
        assert.match(String(id), /^[A-Za-z0-9_-]{1,40}\.(0|[1-9][0-9]{0,15})$/);
    },
  }),
  ...lawsOf("3", {
    async "a server must refuse every path that is not exactly what encoding its decoded segments gives."(guest) {
      for (const path of FOREIGN) {
        const answer = await guest.ask(`channel=${encodeURIComponent(path)}`);
        assert.equal(answer.status, 400, path);
        assert.match(await answer.text(), /"code":"bad-channel"/);
      }
    },
    async "Nothing is normalised: two parameters are equal iff their bytes are."(guest) {
      for (const [one, other] of ALIKE) {
        const stream = await guest.stream(`channel=${encodeURIComponent(one)}`);
        await guest.say(other, `to ${other}`);
        await guest.say(one, `to ${one}`);
        const [block] = await stream.take(1);
        assert.deepEqual([block?.event, block?.data], [`${one}:message`, { text: `to ${one}` }]);
      }
    },
  }),
  ...lawsOf("4", {
    async "so the `%` of a path is `%25` there: `channel=rooms/a%252Fb` for `rooms/a%2Fb`."(guest) {
      await guest.say("rooms/a%2Fb", "1");
      const { events } = await guest.page("channel=rooms/a%252Fb&last=5");
      assert.deepEqual([textsOf(events), events[0]?.channel], [["1"], "rooms/a%2Fb"]);
      assert.equal((await guest.ask("channel=rooms/a%2Fb")).status, 404);
    },
  }),
];
