import assert from "node:assert/strict";
import { numbers, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

/** `Accept` headers, and the content type that each of them asks for. */
const ACCEPTS = [
  ["*/*", "text/event-stream"],
  ["text/event-stream", "text/event-stream"],
  ["application/json, text/event-stream", "text/event-stream"],
  ["text/event-stream;q=0.5, application/json;q=0.5", "text/event-stream"],
  ["text/*, application/json;q=0.9", "text/event-stream"],
  ["application/json", "application/json"],
  ["text/event-stream;q=0.5, application/json", "application/json"],
  ["application/*, text/event-stream;q=0.1", "application/json"],
  ["APPLICATION/JSON, */*;q=0.1", "application/json"],
] as const;

export const requestLaws: readonly Law[] = [
  ...lawsOf("4", ["page"], {
    async "A client asks with `GET`; `HEAD` answers the headers only."(guest) {
      for (const accept of ["text/event-stream", "application/json"]) {
        const answer = await guest.ask("channel=rooms/tea", { method: "HEAD", headers: { accept } });
        assert.deepEqual([answer.status, answer.headers["content-type"]], [200, accept]);
        assert.match(String(answer.headers["cache-control"]), /^no-store/);
        assert.equal(await answer.text(), "");
      }
      const { status } = await guest.ask("channel=nowhere", { method: "HEAD" });
      assert.equal(status, 404);
    },
    async "the stream, unless `Accept` ranks `application/json` strictly higher than `text/event-stream`"(guest) {
      for (const [accept, type] of ACCEPTS) {
        const answer = await guest.ask("channel=rooms/tea", { headers: { accept } });
        assert.deepEqual([answer.status, answer.headers["content-type"]], [200, type], accept);
        answer.cut();
      }
      assert.equal((await guest.ask("channel=rooms/tea")).headers["content-type"], "text/event-stream");
    },
    async "If both rank equally, the one that `Accept` names more precisely is chosen"(guest) {
      for (const [accept, type] of [
        ["application/json, text/plain, */*", "application/json"],
        ["application/json, text/*", "application/json"],
        ["application/*, text/event-stream", "text/event-stream"],
      ] as const) {
        const answer = await guest.ask("channel=rooms/tea", { headers: { accept } });
        assert.deepEqual([answer.status, answer.headers["content-type"]], [200, type], accept);
        answer.cut();
      }
    },
  }),
  ...lawsOf("4", [], {
    async "A stream request with a page-only parameter is answered with 400"(guest) {
      for (const parameter of ["wait=5", "snapshot", "before=e.1"]) {
        const answer = await guest.ask(`channel=rooms/tea&protocol=1&${parameter}`);
        assert.equal(answer.status, 400, parameter);
        answer.cut();
      }
    },
  }),
  ...lawsOf("4", ["publish", "page"], {
    async "An `after` or `before` that is empty is the same as none."(guest) {
      await guest.say("rooms/tea", "1", "2");
      const { gap, events } = await guest.page("channel=rooms/tea&after=");
      assert.deepEqual([gap, textsOf(events)], [undefined, []]);
      const history = await guest.page("channel=rooms/tea&last=1&before=");
      assert.deepEqual([history.gap, textsOf(history.events)], [undefined, ["2"]]);
    },
  }),
  ...lawsOf("4", ["publish", "anything"], {
    async "A list that is too long for a query is sent as `POST` to the same resource — each with its own start"(
      guest,
    ) {
      const many = numbers(1, 97).map((name) => [`rooms/${name.padStart(99, "0")}`, null] as const);
      const [one] = await guest.say("rooms/tea", "1", "2");
      const channels = { "rooms/tea": one, "rooms/new": "now", "rooms/plain": null, ...Object.fromEntries(many) };
      const stream = await guest.stream("channel=nowhere&after=void", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ channels, after: one }),
      });
      await guest.say("rooms/new", "3");
      await guest.say(String(many[96]?.[0]), "4");
      assert.deepEqual(textsOf(await stream.take(3)), ["2", "3", "4"]);
    },
    async "a path to follow; repeated for several, 100 at most, each path once."(guest) {
      const rooms = numbers(1, 100).map((name) => `rooms/${name}`);
      const stream = await guest.stream(rooms.map((path) => `channel=${path}`).join("&"));
      for (const path of rooms) await guest.say(path, path);
      assert.deepEqual(textsOf(await stream.take(100)), rooms);
    },
  }),
  ...lawsOf("4", ["publish", "page"], {
    async "the body replaces `channel` and `after`, the other parameters stay in the query"(guest) {
      await guest.say("rooms/tea", ...numbers(1, 5));
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ channels: { "rooms/tea": null } });
      const { events, more } = await guest.page("last=2", { method: "POST", headers, body });
      assert.deepEqual([textsOf(events), more], [["4", "5"], true]);
    },
    async "1 to 1,000."(guest) {
      await guest.say("rooms/tea", "1", "2");
      for (const [last, texts] of [
        [1, ["2"]],
        [1_000, ["1", "2"]],
      ] as const) {
        const stream = await guest.stream(`channel=rooms/tea&last=${last}`);
        assert.deepEqual(textsOf(await stream.take(texts.length)), texts);
        const { events } = await guest.page(`channel=rooms/tea&last=${last}`);
        assert.deepEqual(textsOf(events), texts);
      }
    },
  }),
  ...lawsOf("4", [], {
    async "A list that is too long for a query is sent as `POST` to the same resource with a JSON body of 64 KiB"(
      guest,
    ) {
      const body = JSON.stringify({ channels: { "rooms/tea": null } }).padEnd(64 * 1024, " ");
      await guest.stream("", { method: "POST", headers: { "content-type": "application/json" }, body });
    },
    async "An `Accept` that allows neither is answered with 406."(guest) {
      for (const accept of ["text/html", "image/*, text/event-stream;q=0, application/json;q=0"]) {
        const answer = await guest.ask("channel=rooms/tea", { headers: { accept } });
        assert.equal(answer.status, 406);
        assert.match(await answer.text(), /"code":"not-acceptable"/);
      }
    },
    async "The `Vary` of the response contains `Accept`."(guest) {
      for (const [accept] of [...ACCEPTS, ["text/html"]]) {
        const { headers, cut } = await guest.ask("channel=rooms/tea", { headers: { accept } });
        assert.match(String(headers["vary"]), /(^|, *)accept($| *,)/i, accept);
        cut();
      }
    },
  }),
];
