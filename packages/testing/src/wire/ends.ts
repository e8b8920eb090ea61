import assert from "node:assert/strict";
import type { Answer } from "./answer.ts";
import { partsOf, textsOf, type Guest, type Stream } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

const HOUR = 3_600_000;

/** Opens a stream as a viewer. */
function streamOf(guest: Guest, viewer: string, query: string): Promise<Stream> {
  return guest.stream(query, { headers: { authorization: `Bearer ${viewer}` } });
}

/** Expects a `bye`, and then the end of the stream. */
async function expectBye(stream: Answer, reason: string): Promise<void> {
  const rest = await stream.rest();
  assert.deepEqual(rest.map(partsOf), [["bye", { reason }, null]]);
}

/** Expects that a client that reconnects at `after` gets exactly the message that was published meanwhile. */
async function expectReturn(guest: Guest, after: string | undefined, viewer: string): Promise<void> {
  const [id] = await guest.say("rooms/tea", "meanwhile");
  const stream = await streamOf(guest, viewer, `channel=rooms/tea&after=${after}`);
  const [message] = await stream.take(1);
  assert.deepEqual([textsOf([message ?? {}]), message?.id], [["meanwhile"], id]);
}

const TOO_MANY =
  "When a viewer opens more streams and long polls than it may have, the server should let the newest in and end the";

export const endLaws: readonly Law[] = [
  ...lawsOf("5.6", ["publish", "drain"], {
    async "`bye` is the last event of a stream that the server ends on purpose — after all that was published"(guest) {
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
  }),
  ...lawsOf("5.6", ["publish", "pass"], {
    async "the connection is old: come back after `retry` — and a client that comes back has missed nothing"(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      const [id] = await guest.say("rooms/tea", "1");
      await stream.take(1);
      await guest.server.pass(2 * HOUR);
      await expectBye(stream, "max-age");
      await expectReturn(guest, id, "ada");
    },
  }),
  ...lawsOf("5.6", ["publish", "limits", "viewers", "page"], {
    async [`${TOO_MANY} — a long poll`](guest) {
      const oldest = await streamOf(guest, "ada", "channel=rooms/tea");
      await streamOf(guest, "ada", "channel=rooms/tea");
      const headers = { authorization: "Bearer ada", accept: "application/json" };
      const poll = guest.ask("channel=rooms/tea&wait=60", { headers });
      const rest = await oldest.rest();
      assert.deepEqual(rest.map(partsOf), [["bye", { reason: "limit" }, null]]);
      await guest.say("rooms/tea", "1");
      assert.equal((await poll).status, 200);
    },
  }),
  ...lawsOf("5.6", ["limits", "viewers"], {
    async [`${TOO_MANY} — a stream`](guest) {
      const oldest = await streamOf(guest, "ada", "channel=rooms/tea");
      const others = [
        await streamOf(guest, "ada", "channel=rooms/tea"),
        await streamOf(guest, "ada", "channel=rooms/tea"),
      ];
      const rest = await oldest.rest();
      assert.deepEqual(rest.map(partsOf), [["bye", { reason: "limit" }, null]]);
      assert.ok(Number(rest[0]?.retry) >= 30_000, `a retry of ${rest[0]?.retry}`);
      for (const stream of others) assert.equal(stream.status, 200);
    },
  }),
  ...lawsOf("5.6", ["publish", "viewers", "expire"], {
    async "the credentials expired: come back at once with fresh ones — and nobody else's stream ends"(guest) {
      const [hers, his] = [
        await streamOf(guest, "ada", "channel=rooms/tea"),
        await streamOf(guest, "bo", "channel=rooms/tea"),
      ];
      const [id] = await guest.say("rooms/tea", "1");
      await hers.take(1);
      await guest.server.expire("ada");
      await expectBye(hers, "expired");
      await expectReturn(guest, id, "ada");
      assert.deepEqual(textsOf(await his.take(2)), ["1", "meanwhile"]);
    },
  }),
  ...lawsOf("5.6", ["publish", "viewers", "revoke"], {
    async "`forbidden` | stop — when the right to read the last channel ends, and nobody else's stream ends"(guest) {
      const [hers, his] = [
        await streamOf(guest, "ada", "channel=rooms/tea"),
        await streamOf(guest, "bo", "channel=rooms/tea"),
      ];
      await guest.server.revoke("ada", "rooms/tea");
      await guest.say("rooms/tea", "1");
      await expectBye(hers, "forbidden");
      assert.deepEqual(textsOf(await his.take(1)), ["1"]);
      const headers = { authorization: "Bearer ada" };
      const again = await guest.ask("channel=rooms/tea&protocol=1", { headers });
      assert.equal(again.status, 403);
    },
    async 'With `"channels": ["rooms/secret"]` in its data, `bye` concerns these channels only — when a right ends'(
      guest,
    ) {
      const stream = await streamOf(guest, "ada", "channel=rooms/tea&channel=rooms/coffee");
      await guest.server.revoke("ada", "rooms/tea");
      const [bye] = await stream.take(1);
      assert.deepEqual(partsOf(bye), ["bye", { reason: "forbidden", channels: ["rooms/tea"] }, null]);
      await guest.say("rooms/tea", "hidden");
      await guest.say("rooms/coffee", "1");
      assert.deepEqual(textsOf(await stream.take(1)), ["1"]);
    },
  }),
  ...lawsOf("5.6", ["publish", "secret"], {
    async "`bye` concerns these channels only and **the stream goes on** for the others."(guest) {
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
