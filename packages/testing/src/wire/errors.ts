import assert from "node:assert/strict";
import type { Answer } from "./answer.ts";
import { namesOf, partsOf, numbers, textsOf, type Guest } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";
import type { RequestOptions } from "./transport.ts";

export const UNAVAILABLE =
  "too many connections, shutting down, the log does not answer; with `Retry-After` in seconds";
const TEA = "channel=rooms/tea";
const JSON_BODY = { "content-type": "application/json" };
const many = (count: number) =>
  numbers(1, count)
    .map((name) => `channel=rooms/${name}`)
    .join("&");
const post = (body: string): RequestOptions => ({ method: "POST", headers: JSON_BODY, body });

/** Expects an error response, as a client with `protocol=1` gets it. */
export async function expectProblem(
  guest: Guest,
  [status, code]: readonly [number, string],
  query: string,
  options?: RequestOptions,
) {
  return checkProblem(
    await guest.ask(query === "" ? "protocol=1" : `${query}&protocol=1`, options),
    [status, code],
    query,
  );
}

async function checkProblem(answer: Answer, [status, code]: readonly [number, string], query: string) {
  const text = await answer.text();
  const exchange = `${query.slice(0, 80)}: ${text.slice(0, 200)}`;
  assert.deepEqual([answer.status, answer.headers["content-type"]], [status, "application/problem+json"], exchange);
  // A problem is an object.
  const problem = JSON.parse(text) as Readonly<Record<string, unknown>>;
  assert.deepEqual([problem["status"], problem["code"]], [status, code], exchange);
  assert.ok(problem["type"] === "about:blank" && typeof problem["title"] === "string", exchange);
  assert.match(String(answer.headers["cache-control"]), /no-store/);
  const { channels, limit } = problem;
  return { channels: [channels].flat(), limit, retryAfter: answer.headers["retry-after"] };
}

/** Expects the same error response to each request. */
function refuses(status: number, code: string, requests: readonly (readonly [string, RequestOptions?])[]): Law["run"] {
  return async (guest) => {
    for (const [query, options] of requests) await expectProblem(guest, [status, code], query, options);
  };
}

/** Opens `count` streams. */
async function openStreams(guest: Guest, count: number, nameOf: (index: string) => string): Promise<void> {
  for (const index of numbers(1, count)) {
    await guest.stream(TEA, { headers: { authorization: `Bearer ${nameOf(index)}` } });
  }
}

export const errorLaws: readonly Law[] = [
  ...lawsOf("8", [], {
    "a parameter is malformed, or there is no channel, or there are too many — 400 bad-request": refuses(
      400,
      "bad-request",
      [
        [""],
        [`${TEA}&${TEA}`],
        [many(101)],
        ...["last=0", "last=1001", "last=x", "wait=61", "wait=-1"].map((wrong) => [`${TEA}&${wrong}`] as const),
        ...["{", "[]", "{}", '{"channels":{}}', '{"channels":{"rooms/tea":5}}'].map(
          (body) => ["", post(body)] as const,
        ),
      ],
    ),
    "a path is not canonical (section 3) — 400 bad-channel": refuses(400, "bad-channel", [["channel=rooms/%252e"]]),
    "`bad-method`, `not-acceptable` — 405 bad-method": refuses(405, "bad-method", [
      [TEA, { method: "PUT" }],
      [TEA, { method: "DELETE" }],
    ]),
    "`bad-method`, `not-acceptable` — 406 not-acceptable": refuses(406, "not-acceptable", [
      [TEA, { headers: { accept: "text/html" } }],
    ]),
    "the body, the URL or a header is too long — 413 too-large": refuses(413, "too-large", [
      ["", post(`{"channels":{"${"x".repeat(70_000)}":null}}`)],
    ]),
  }),
  ...lawsOf("8", [], {
    async "When there are too many channels, the problem has a member `limit`: how many one request may have."(guest) {
      const { limit } = await expectProblem(guest, [400, "bad-request"], many(101));
      assert.equal(limit, 100);
    },
    async "none of the channels exists — 404 unknown-channel, and they are named"(guest) {
      const { channels } = await expectProblem(guest, [404, "unknown-channel"], "channel=nowhere");
      assert.deepEqual(channels, ["nowhere"]);
    },
  }),
  ...lawsOf("8", ["limits"], {
    "the body, the URL or a header is too long — 414 too-large": refuses(414, "too-large", [
      [`${TEA}&x=${"x".repeat(9_000)}`],
    ]),
  }),
  ...lawsOf(
    "8",
    ["limits"],
    {
      async "the body, the URL or a header is too long — 431"(guest) {
        // An HTTP library may refuse the request before the server sees it, so the body can be anything.
        const { status } = await guest.ask(TEA, { headers: { "x-long": "x".repeat(20_000) } });
        assert.equal(status, 431);
      },
    },
    { http: 1 },
  ),
  ...lawsOf("8", ["viewers"], {
    "no or expired credentials — 401 unauthenticated": refuses(401, "unauthenticated", [
      [TEA, { headers: { authorization: "Bearer nobody" } }],
    ]),
  }),
  ...lawsOf("8", ["inbox", "page"], {
    "a channel asked for with `snapshot` has none — 404 no-snapshot": refuses(404, "no-snapshot", [
      ["channel=users/ada/inbox&snapshot", { headers: { accept: "application/json" } }],
    ]),
  }),
  ...lawsOf("8", ["secret"], {
    async "none of the channels may be read — 403 forbidden, also when the others do not exist, and they are named"(
      guest,
    ) {
      const { channels } = await expectProblem(guest, [403, "forbidden"], "channel=rooms/secret&channel=nowhere");
      assert.deepEqual(channels.map(String).toSorted(), ["nowhere", "rooms/secret"]);
    },
  }),
  ...lawsOf("8", ["limits", "viewers"], {
    async "too many connections, shutting down, the log does not answer; with `Retry-After` — 503 of the server"(
      guest,
    ) {
      await openStreams(guest, 8, (index) => `guest ${index}`);
      const busy = await expectProblem(guest, [503, "limit"], TEA);
      assert.match(String(busy.retryAfter), /^[1-9]\d*$/);
    },
    async "So a stream request without `protocol=1` that would get 429 or 5xx is answered with 200 — too many of them"(
      guest,
    ) {
      await openStreams(guest, 8, (index) => `guest ${index}`);
      const stream = await guest.ask(TEA, { headers: { authorization: "Bearer ada" } });
      const [bye, ...rest] = await stream.rest();
      assert.deepEqual([stream.status, stream.headers["content-type"], rest], [200, "text/event-stream", []]);
      assert.deepEqual(partsOf(bye), ["bye", { reason: "limit" }, null]);
      assert.ok(Number(bye?.retry) >= 5_000, `a retry of ${bye?.retry}`);
    },
  }),
  ...lawsOf("8", ["publish", "limits", "viewers", "page"], {
    async [`${UNAVAILABLE} — 429 of a viewer`](guest) {
      // A stream of the viewer would make room for the next long poll (section 5.6). A long poll makes room for nobody.
      const query = `${TEA}&wait=60`;
      const poll = { headers: { authorization: "Bearer ada", accept: "application/json" } };
      const polls = numbers(1, 3).map(() => guest.ask(`${query}&protocol=1`, poll));
      const full = await checkProblem(await Promise.race(polls), [429, "limit"], query);
      assert.match(String(full.retryAfter), /^[1-9]\d*$/);
      // It concerns this viewer only.
      await openStreams(guest, 1, () => "bo");
      await guest.say("rooms/tea", "1");
      const answers = await Promise.all(polls);
      assert.equal(answers.filter(({ status }) => status === 200).length, 2);
    },
  }),
  ...lawsOf("8", ["publish", "secret", "page"], {
    async "When the client may read some of the channels, the answer is 200, and it names the others: on a stream"(
      guest,
    ) {
      const [one] = await guest.say("rooms/tea", "1", "2");
      const query = `${TEA}&channel=rooms/secret&channel=nowhere&after=${one}`;
      const { refused, events } = await guest.page(query);
      assert.deepEqual([refused, textsOf(events)], [{ "rooms/secret": "forbidden", nowhere: "unknown" }, ["2"]]);
      const stream = await guest.stream(query);
      const blocks = await stream.take(3);
      assert.deepEqual(namesOf(blocks), ["bye", "bye", "rooms/tea:message"]);
    },
  }),
  ...lawsOf("8", ["origins"], {
    "this web origin may not send requests — 403 bad-origin": refuses(403, "bad-origin", [
      [TEA, { headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" } }],
      [TEA, { headers: { origin: "null" } }],
    ]),
    async "Its preflight, an `OPTIONS` request, is answered with 204."(guest) {
      const preflight = (origin: string) =>
        guest.ask(TEA, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,last-event-id",
          },
        });
      const good = await preflight("https://app.example");
      assert.equal(good.status, 204);
      assert.equal(good.headers["access-control-allow-origin"], "https://app.example");
      assert.match(String(good.headers["access-control-allow-methods"]), /\bPOST\b/);
      for (const name of ["authorization", "content-type", "last-event-id"]) {
        assert.match(String(good.headers["access-control-allow-headers"]), new RegExp(`\\b${name}\\b`, "i"));
      }
      const bad = await preflight("https://evil.example");
      assert.deepEqual([bad.status, bad.headers["access-control-allow-origin"]], [403, undefined]);
    },
  }),
  ...lawsOf("8", ["origins", "page"], {
    async "A web page of another origin that may read gets `Access-Control-Allow-Origin`, on errors too"(guest) {
      const origin = "https://app.example";
      for (const [query, accept] of [
        [TEA, "*/*"],
        [TEA, "application/json"],
        ["channel=nowhere", "*/*"],
      ]) {
        const answer = await guest.ask(`${query}`, {
          headers: { origin, accept: `${accept}`, "sec-fetch-site": "cross-site" },
        });
        assert.equal(answer.headers["access-control-allow-origin"], origin, query);
        assert.match(String(answer.headers["vary"]), /\borigin\b/i);
        answer.cut();
      }
      const stranger = await guest.ask(TEA, { headers: { origin: "https://evil.example" } });
      assert.equal(stranger.headers["access-control-allow-origin"], undefined);
    },
  }),
];
