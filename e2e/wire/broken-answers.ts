import { first, head, isOf, page, swallows, type BrokenServer } from "./broken-server.ts";

// Beginnings of the titles of laws.
const RESET_OR_LOST = "7: With `reset` and `lost` the position means nothing any more: the gap names every channel";
const UNAVAILABLE = "8: too many connections, shutting down, the log does not answer; with `Retry-After` in seconds";
const NATIVE =
  "8: So a stream request without `protocol=1` that would get 429 or 5xx is answered with 200, a long `retry`, " +
  "and `bye`.";

/** Sections 6 to 8: pages, gaps and errors. */
export const brokenAnswers: readonly BrokenServer[] = [
  {
    law: "6: `200`, `Content-Type",
    breaks: "always has a gap on its pages",
    ...page((parsed) => (parsed["gap"] ??= null)),
  },
  {
    law: "6: An event here",
    breaks: "gives volatile events of a page an id",
    ...page(({ events }) => events.forEach((event) => Object.assign(event as object, { id: "a.1" }))),
  },
  { law: "6: what is owed", breaks: "shows the newest first", ...page(({ events }) => events.reverse()) },
  { law: "6: With `wait`", breaks: "does not wait", request: ({ query }) => query.delete("wait") },
  { law: "6: the n newest", breaks: "never says that there is more", ...page((parsed) => (parsed["more"] = false)) },
  {
    law: "6: Without `before`",
    breaks: "gives a page the cursor of its first event",
    ...page((parsed) => (parsed["cursor"] = parsed.events[0]?.id ?? parsed["cursor"])),
  },
  { law: "6: the page has one more member", breaks: "forgets the state", ...page((parsed) => delete parsed["state"]) },
  { law: "7: A gap names exactly", breaks: "swallows gaps", block: (block) => (isOf("gap", block) ? "" : block) },
  {
    law: "7: A gap names exactly",
    breaks: "gives a trimmed gap an id",
    block: (block) => block.replace(/(trimmed.*\n)\n$/, "$1id: a.1\n\n"),
  },
  {
    law: "7: There is a gap for every loss",
    breaks: "sends a gap twice",
    block: (block) => (isOf("gap", block) ? block + block : block),
  },
  {
    law: "7: With `reset` and `lost`",
    breaks: "says bye after a reset",
    block: (block) => (block.includes("reset") ? `${block}event: bye\ndata: {"reason":"max-age"}\n\n` : block),
  },
  {
    law: "7: A bad position",
    breaks: "answers 400 to a bad cursor",
    request: ({ headers, query }) =>
      /^\w+\.\d{1,9}$/.test(String(headers["last-event-id"] ?? "a.1")) ? undefined : query.set("last", "0"),
  },
  { law: "7: On a page", breaks: "swallows the gaps of pages", ...page((parsed) => delete parsed["gap"]) },
  {
    law: "7: When only the `@<cursor>`",
    breaks: "names every channel",
    block: (block) => block.replace('"rooms/coffee":', '"rooms/tea":"reset","rooms/coffee":'),
  },
  {
    law: "8: none of the channels may be read",
    breaks: "does not say which channels",
    body: (text) => text.replace(/,"channels":\[.*\]/, ""),
  },
  {
    law: "8: no or expired credentials",
    breaks: "answers errors as plain JSON",
    ...head(401, { "content-type": "application/json" }),
  },
  {
    law: "8: When there are too many channels",
    breaks: "does not say how many channels are allowed",
    body: (text) => text.replace(/,"limit":\d+/, ""),
  },
  { law: "8: too many connections", breaks: "forgets Retry-After", ...head(503, { "retry-after": undefined }) },
  {
    law: `${UNAVAILABLE} — 429 of a viewer`,
    breaks: "does not tell a viewer with too many connections when to come back",
    ...head(429, { "retry-after": undefined }),
  },
  {
    law: "8: So a stream request",
    breaks: "answers errors to a native EventSource",
    request: ({ query }) => query.set("protocol", "1"),
  },
  {
    law: "8: When the client may read some",
    breaks: "does not say which channels it refuses",
    ...page((parsed) => delete parsed["refused"]),
  },
  {
    law: "8: A web page of another origin",
    breaks: "lets any origin read",
    ...head(403, { "access-control-allow-origin": "https://evil.example" }),
  },
  {
    law: "8: this web origin may not send requests",
    breaks: "does not check origins",
    request: ({ headers }) => ["origin", "sec-fetch-site"].forEach((name) => delete headers[name]),
  },
  {
    law: "6: For channels requested with `@`",
    breaks: "shows current values last",
    ...page(({ events }) => (events.length === 2 && events[0]?.id === undefined ? events.reverse() : events)),
  },
  {
    law: "6: A client may change",
    breaks: "gives pages a cursor of another log",
    ...page((parsed) => (parsed["cursor"] = String(parsed["cursor"]).replace(/^\w+/, "page"))),
  },
  {
    law: "7: The gap has no `id`",
    breaks: "leaves the reason trimmed out of a page",
    ...page((parsed) => JSON.stringify(parsed["gap"] ?? "").includes("trimmed") && delete parsed["gap"]),
  },
  {
    law: "7: the log failed over",
    breaks: "calls a lost suffix a reset",
    block: (block) => (block.includes('"rooms/coffee":"lost"') ? block.replaceAll('"lost"', '"reset"') : block),
  },
  {
    law: `${RESET_OR_LOST} — on a stream`,
    breaks: "sends open streams no gap after a failover",
    ...swallows('{"rooms/open":"lost"}'),
  },
  {
    law: "7: There is a gap for every loss and none without a loss. — none for a client",
    breaks: "resets every reader after a failover",
    request: ({ query }) => (first(query) === "rooms/early" ? query.set("after", "other.1") : undefined),
  },
  {
    law: "7: On a page, `cursor` is that position. — after",
    breaks: "leaves the reason lost out of a page",
    ...page((parsed) => JSON.stringify(parsed["gap"] ?? "").includes("lost") && delete parsed["gap"]),
  },
  {
    law: "8: a parameter is malformed",
    breaks: "accepts any number as wait",
    request: ({ query }) => (query.get("wait") === "-1" ? query.delete("wait") : undefined),
  },
  {
    law: "8: a path is not canonical",
    breaks: "calls a bad path a bad request",
    body: (text) => text.replace(/"code":"bad-channel"(.*\["rooms\/%2e"\])/, '"code":"bad-request"$1'),
  },
  {
    law: "8: a channel asked for with `snapshot`",
    breaks: "has an empty state for every channel",
    request: ({ query }) => (first(query) === "users/ada/inbox" ? query.delete("snapshot") : undefined),
  },
  {
    law: "8: `bad-method`, `not-acceptable` — 405",
    breaks: "answers 501 to DELETE",
    status: ({ method }) => (method === "DELETE" ? 501 : undefined),
  },
  {
    law: "8: `bad-method`, `not-acceptable` — 406",
    breaks: "ignores Accept if the request has protocol=1",
    request: ({ headers, query }) => void (query.has("protocol") && delete headers.accept),
  },
  {
    law: "8: none of the channels exists",
    breaks: "calls an unknown channel forbidden",
    body: (text) => text.replace('"code":"unknown-channel"', '"code":"forbidden"'),
  },
  {
    law: "8: the body, the URL or a header is too long — 413",
    breaks: "calls a body that is too long a bad request",
    status: ({ headers }) => (Number(headers["content-length"]) > 65_536 ? 400 : undefined),
  },
  {
    law: "8: the body, the URL or a header is too long — 414",
    breaks: "accepts URLs of any length",
    request: ({ query }) => query.delete("x"),
  },
  {
    law: "8: the body, the URL or a header is too long — 431",
    breaks: "accepts headers of any length",
    request: ({ headers }) => void delete headers["x-long"],
  },
  {
    law: `${UNAVAILABLE} — 503 of a server that shuts down`,
    breaks: "calls its shutdown a limit",
    body: (text) => text.replace('"code":"draining"', '"code":"limit"'),
  },
  {
    law: `${UNAVAILABLE} — 503 of a server whose log`,
    breaks: "calls a log that does not answer an internal failure",
    body: (text) => text.replace('"code":"unavailable"', '"code":"internal"'),
  },
  {
    law: `${NATIVE} — shutting down`,
    breaks: "sends a short retry to everybody when it shuts down",
    block: (block) => block.replace(/^retry: \d+\n(event: bye\ndata: {"reason":"draining"})/, "retry: 500\n$1"),
  },
  {
    law: `${NATIVE} — the log`,
    breaks: "answers 503 to a native EventSource when the log fails",
    request: ({ query }) => (first(query) === "rooms/mute" ? query.set("protocol", "1") : undefined),
  },
  {
    law: `${NATIVE} — the application`,
    breaks: "answers 500 to a native EventSource",
    request: ({ query }) => (first(query) === "rooms/faulty" ? query.set("protocol", "1") : undefined),
  },
  {
    law: "8: | 500 | `internal` |",
    breaks: "has a code of its own for internal failures",
    body: (text) => text.replace('"code":"internal"', '"code":"oops"'),
  },
  {
    law: "8: Its preflight",
    breaks: "does not know OPTIONS",
    status: ({ method }) => (method === "OPTIONS" ? 405 : undefined),
  },
];
