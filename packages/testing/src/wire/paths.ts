import assert from "node:assert/strict";
import { idsOf, namesOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

/** Paths that are not canonical. */
const NOT_CANONICAL = [
  "rooms/%2e",
  "rooms/..",
  "rooms/",
  "rooms//tea",
  "rooms/a b",
  "rooms/%41",
  "rooms/a%2fb",
  "rooms/é",
  "rooms/%7E",
  "rooms/a:b",
  "rooms/a!b",
  "/rooms/tea",
];
/** Canonical paths: characters that stand for themselves, encoded bytes, and dots. */
const CANONICAL = ["rooms/AZaz09-_.~", "rooms/%F0%9F%AB%96%20%3A%40%2F%25", "rooms/%2E", "rooms/%2E%2E", "rooms/..."];
/** Different paths that look similar: upper and lower case, two encodings of a letter, an encoded slash. */
const SIMILAR = [
  ["rooms/Tea", "rooms/tea"],
  ["rooms/caf%C3%A9", "rooms/cafe%CC%81"],
  ["rooms/a%2Fb", "rooms/a%252Fb"],
] as const;

const CURSOR =
  'A cursor is ASCII, 57 bytes at most: `epoch "." seq`. `epoch` is 1 to 40 characters of `A-Z a-z 0-9 _ ' +
  "-`; `seq` is a decimal integer from 0 to 9007199254740991 without leading zeros.";

const CANONICAL_PATH =
  "The empty parameter does not exist. This is the only spelling: a server must refuse every path that is " +
  "not exactly what encoding its decoded segments gives. So `:` and `@` never occur in a path.";

export const pathLaws: readonly Law[] = [
  ...lawsOf("2", ["publish"], {
    async [CURSOR](guest) {
      const ids = await guest.say("rooms/tea", "1", "2");
      const stream = await guest.stream("channel=rooms/tea&last=2");
      const blocks = await stream.take(2);
      assert.deepEqual(idsOf(blocks), ids);
      for (const id of [stream.hello.id, ...ids]) {
        assert.match(String(id), /^[A-Za-z0-9_-]{1,40}\.(0|[1-9][0-9]{0,15})$/);
      }
    },
  }),
  ...lawsOf("3", [], {
    async [CANONICAL_PATH](guest) {
      for (const path of NOT_CANONICAL) {
        const answer = await guest.ask(`channel=${encodeURIComponent(path)}`);
        assert.equal(answer.status, 400, path);
        assert.match(await answer.text(), /"code":"bad-channel"/);
      }
    },
  }),
  ...lawsOf("3", ["anything"], {
    async "A path is one or more segments joined by `/`, 256 bytes at most."(guest) {
      const longest = `rooms/${"x".repeat(250)}`;
      await guest.stream(`channel=${longest}`);
      const longer = await guest.ask(`channel=${longest}x`);
      assert.equal(longer.status, 400);
      assert.match(await longer.text(), /"code":"bad-channel"/);
    },
  }),
  ...lawsOf("3", ["publish", "anything"], {
    async "`A-Z a-z 0-9 - _ . ~` stand for themselves, every other byte is `%XX` with upper-case digits"(guest) {
      for (const path of CANONICAL) {
        const stream = await guest.stream(`channel=${encodeURIComponent(path)}`);
        await guest.say(path, "1");
        assert.deepEqual(namesOf(await stream.take(1)), [`${path}:message`]);
      }
    },
    async "Nothing is normalised: two parameters are equal if and only if their bytes are equal."(guest) {
      for (const [one, other] of SIMILAR) {
        const stream = await guest.stream(`channel=${encodeURIComponent(one)}`);
        await guest.say(other, `to ${other}`);
        await guest.say(one, `to ${one}`);
        const [block] = await stream.take(1);
        assert.deepEqual([block?.event, block?.data], [`${one}:message`, { text: `to ${one}` }]);
      }
    },
  }),
  ...lawsOf("4", [], {
    async "The query is `application/x-www-form-urlencoded` — in names, too, and `+` is a space"(guest) {
      await guest.stream("%63hannel=rooms%2Ftea");
      assert.equal((await guest.ask("channel=rooms/a+b")).status, 400);
    },
  }),
  ...lawsOf("4", ["publish", "anything", "page"], {
    async "so the `%` of a path is `%25` there: `channel=rooms/a%252Fb` for `rooms/a%2Fb`."(guest) {
      await guest.say("rooms/a%2Fb", "1");
      const { events } = await guest.page("channel=rooms/a%252Fb&last=5");
      assert.deepEqual([textsOf(events), events[0]?.channel], [["1"], "rooms/a%2Fb"]);
      assert.equal((await guest.ask("channel=rooms/a%2Fb")).status, 404);
    },
  }),
];
