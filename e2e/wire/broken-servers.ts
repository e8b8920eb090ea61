import type { Patch } from "./patching-proxy.ts";

/** A server that breaks its word in one way, and the law that must notice. */
export interface BrokenServer extends Patch {
  /** The beginning of the law's title. */
  readonly law: string;
  readonly breaks: string;
}

const PLAINEST = "5.1: in its plainest form";
const HEADERS = "5.1: `200` with these headers";
const isOf = (name: string, block: string) => block.includes(`event: ${name}\n`);
const isMessage = (block: string) => /^event: \S+:message$/m.test(block);
const withoutId = (block: string) => block.replace(/^id: .*\n/m, "");
/** Changes a page. */
const page = (change: (page: Record<string, unknown> & { events: unknown[] }) => unknown): Pick<Patch, "body"> => ({
  body: (text, { status, headers }) => {
    if (status !== 200 || headers["content-type"] !== "application/json" || text === "") return text;
    const parsed = JSON.parse(text) as Parameters<typeof change>[0]; // a page of a good server
    change(parsed);
    return JSON.stringify(parsed);
  },
});
/** Changes the head of answers with this status. */
const head = (status: number, change: Readonly<Record<string, string | undefined>>): Pick<Patch, "head"> => ({
  head: (answer) => (answer.status === status ? { status, headers: { ...answer.headers, ...change } } : answer),
});

export const brokenServers: readonly BrokenServer[] = [
  { law: "2:", breaks: "writes ids that are no cursors", block: (block) => block.replace(/^(id: .*)\./m, "$1-") },
  { law: "3: a server must refuse", breaks: "tidies paths", ask: ({ query }) => query.set("channel", "rooms/tea") },
  {
    law: "3: Nothing is normalised",
    breaks: "takes names for equal that differ in case",
    ask: ({ query }) => query.set("channel", (query.get("channel") ?? "").toLowerCase()),
  },
  {
    law: "4: the `Last-Event-ID` header if there is one",
    breaks: "does not know the header",
    ask: ({ headers }) => void delete headers["last-event-id"],
  },
  {
    law: "4: the `Last-Event-ID` header if there is one",
    breaks: "does not know `after`",
    ask: ({ query }) => query.delete("after"),
  },
  { law: "4: start before the n-th", breaks: "does not know `last`", ask: ({ query }) => query.delete("last") },
  {
    law: "4: it starts after `<cursor>`",
    breaks: "keeps current values to itself",
    block: (block) => (isOf("rooms/tea:topic", block) ? "" : block),
  },
  {
    law: "4: the body replaces",
    breaks: "forgets the query of a POST",
    ask: ({ method, query }) => (method === "POST" ? query.delete("last") : undefined),
  },
  { law: "4: A client asks with `GET`; `HEAD`", breaks: "does not know HEAD", ...head(200, {}), refuses: "HEAD" },
  {
    law: "4: the stream, unless `Accept`",
    breaks: "looks for the word json",
    ask: ({ headers }) => {
      if (headers.accept?.includes("json") === true) headers.accept = "application/json";
    },
  },
  {
    law: "4: An `Accept` that allows neither",
    breaks: "ignores Accept",
    ask: ({ headers }) => void (headers.accept = "*/*"),
  },
  { law: "4: The response says `Vary", breaks: "forgets Vary", ...head(200, { vary: undefined }) },
  { law: HEADERS, breaks: "answers text/plain", ...head(200, { "content-type": "text/plain" }) },
  { law: HEADERS, breaks: "lets proxies transform", ...head(200, { "cache-control": "no-store" }) },
  { law: PLAINEST, breaks: "ends lines with CR LF", block: (block) => block.replaceAll("\n", "\r\n") },
  {
    law: PLAINEST,
    breaks: "puts the id before the data",
    block: (block) => block.replace(/^(data: .*\n)(id: .*\n)/m, "$2$1"),
  },
  {
    law: PLAINEST,
    breaks: "begins with a byte order mark",
    block: (block) => (isOf("hello", block) ? `\uFEFF${block}` : block),
  },
  {
    law: PLAINEST,
    breaks: "breaks data over two lines",
    block: (block) => block.replace(/^data: {"text":/m, 'data: {"text":\ndata: '),
  },
  { law: PLAINEST, breaks: "writes comments", block: (block) => `: comment\n${block}` },
  {
    law: "5.2: data:",
    breaks: "does not say hello first",
    block: (block) => (isOf("hello", block) ? `event: bye\ndata: {}\n\n${block}` : block),
  },
  {
    law: "5.2: `retry` is random",
    breaks: "has one retry for all",
    block: (block) => block.replace(/^retry: .*/m, "retry: 3000"),
  },
  {
    law: "5.2: The `id` is where",
    breaks: "starts at an id of its own",
    block: (block) => (isOf("hello", block) ? block.replace(/^(id: \w+\.).*/m, "$19000000") : block),
  },
  {
    law: "5.3: The name is",
    breaks: "names events by their type",
    block: (block) => block.replace(/^event: .*:/m, "event: "),
  },
  {
    law: "5.3: Events of one path",
    breaks: "repeats an event",
    block: (block) => (isMessage(block) ? block + block : block),
  },
  { law: "5.3: Events of one path", breaks: "loses an event", block: (block) => (block.includes('"7"') ? "" : block) },
  {
    law: "5.4: every event is sent",
    breaks: "writes reliable events without id",
    block: (block) => (isMessage(block) ? withoutId(block) : block),
  },
  {
    law: "5.4: the newest event of each key",
    breaks: "writes latest events without id",
    block: (block) => (isOf("rooms/tea:price", block) ? withoutId(block) : block),
  },
  {
    law: "5.4: A channel asked with `@`",
    breaks: "gives current values an id",
    block: (block) => (isOf("rooms/tea:price", block) ? block.replace(/\n\n$/, "\nid: a.1\n\n") : block),
  },
  {
    law: "5.4: When a value is withdrawn",
    breaks: "withdraws in silence",
    block: (block) => (isOf("clear", block) ? "" : block),
  },
  {
    law: "5.4: It has no `id`",
    breaks: "gives volatile events an id",
    block: (block) => (isOf("rooms/tea:typing", block) ? block.replace(/\n\n$/, "\nid: a.1\n\n") : block),
  },
  {
    law: "5.5: When a stream",
    breaks: "writes no heartbeats",
    block: (block) => (isOf("heartbeat", block) ? "" : block),
  },
  {
    law: "5.5: The `id` is the position",
    breaks: "writes heartbeats without id",
    block: (block) => (isOf("heartbeat", block) ? withoutId(block) : block),
  },
  {
    law: "5.6: `bye` is the last",
    breaks: "leaves without a word",
    block: (block) => (isOf("bye", block) ? "" : block),
  },
  {
    law: "5.6: `bye` speaks of these",
    breaks: "does not name what it refuses",
    block: (block) => block.replace(/,"channels":\[.*\]/, ""),
  },
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
  { law: "6: With `wait`", breaks: "does not wait", ask: ({ query }) => query.delete("wait") },
  { law: "6: the n newest", breaks: "never has more", ...page((parsed) => (parsed["more"] = false)) },
  {
    law: "6: Without `before`",
    breaks: "goes on from the first event",
    ...page((parsed) => (parsed["cursor"] = (parsed.events[0] as { id?: string } | undefined)?.id ?? parsed["cursor"])),
  },
  { law: "6: `cursor` was read before", breaks: "forgets the state", ...page((parsed) => delete parsed["state"]) },
  { law: "7: A gap names exactly", breaks: "swallows gaps", block: (block) => (isOf("gap", block) ? "" : block) },
  {
    law: "7: A gap names exactly",
    breaks: "gives a trimmed gap an id",
    block: (block) => block.replace(/(trimmed.*\n)\n$/, "$1id: a.1\n\n"),
  },
  {
    law: "7: There is one for every loss",
    breaks: "tells a gap twice",
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
    ask: ({ headers, query }) =>
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
  { law: "8: too many connections", breaks: "forgets Retry-After", ...head(503, { "retry-after": undefined }) },
  {
    law: "8: So a stream request",
    breaks: "answers errors to a native EventSource",
    ask: ({ query }) => query.set("protocol", "1"),
  },
  { law: "8: When some of the channels", breaks: "refuses in silence", ...page((parsed) => delete parsed["refused"]) },
  {
    law: "8: A page of another origin",
    breaks: "lets any origin read",
    ...head(403, { "access-control-allow-origin": "https://evil.example" }),
  },
  {
    law: "8: this web origin may not ask",
    breaks: "does not look at origins",
    ask: ({ headers }) => ["origin", "sec-fetch-site"].forEach((name) => delete headers[name]),
  },
];
