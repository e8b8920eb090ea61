import { head, isOf, page, swallows, withoutId, type BrokenServer } from "./broken-server.ts";

const PLAINEST = "5.1: in its plainest form";
const HEADERS = "5.1: `200` with these headers";
const withId = (block: string) => (/^id:/m.test(block) ? block : block.replace(/\n\n$/, "\nid: a.1\n\n"));
const isMessage = (block: string) => /^event: \S+:message$/m.test(block);

/** Section 5: the stream. */
export const brokenStreams: readonly BrokenServer[] = [
  { law: HEADERS, breaks: "answers text/plain", ...head(200, { "content-type": "text/plain" }) },
  { law: HEADERS, breaks: "allows proxies to transform the stream", ...head(200, { "cache-control": "no-store" }) },
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
  {
    law: "5.3: Events of one path",
    breaks: "loses an event",
    block: (block) => (block.includes('tea 7"') ? "" : block),
  },
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
    law: "5.4: A channel requested with `@`",
    breaks: "gives current values an id",
    block: (block) => (isOf("rooms/tea:price", block) ? block.replace(/\n\n$/, "\nid: a.1\n\n") : block),
  },
  {
    law: "5.4: When a value is withdrawn",
    breaks: "does not say that a value was withdrawn",
    block: (block) => (isOf("clear", block) ? "" : block),
  },
  {
    law: "5.7: The event with the type `end`",
    breaks: "says no more of an end than that it is an event",
    block: (block) => block.replace("jobs/a:end", "jobs/a:message"),
  },
  {
    law: "5.7: The event with the type `end`",
    breaks: "takes events after an end",
    controls: (good) => ({
      publish: (path, type, data) => good.publish(path, type, data).catch(() => "a.1"),
    }),
  },
  { law: "5.7: The stream goes on", breaks: "says no more after an end", ...swallows('"next"') },
  {
    law: "5.7: When a channel has ended",
    breaks: "gives ends that come first an id",
    block: (block) => (isOf("jobs/a:end", block) ? withId(block) : block),
    ...page(({ events }) => events.map((event) => Object.assign(event, { id: event.id ?? "a.1" }))),
  },
  {
    law: "5.7: When a channel has ended",
    breaks: "tells of an end only who asks for values",
    request: ({ query }) => query.get("channel") === "jobs/a" && !query.has("after") && query.set("after", "a.1"),
  },
  {
    law:
      "5.7: An end is a reliable event: it has an `id`, it is in histories and on pages, and when retention has " +
      "removed it, it is a loss (section 7). — with",
    breaks: "has no ends in a history",
    ...page((body) => (body.events = [])),
  },
  {
    law:
      "5.7: An end is a reliable event: it has an `id`, it is in histories and on pages, and when retention has " +
      "removed it, it is a loss (section 7). — removed",
    breaks: "says nothing of an end that is gone",
    ...swallows("event: gap"),
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
    breaks: "ends a stream without bye",
    block: (block) => (isOf("bye", block) ? "" : block),
  },
  {
    law: "5.6: `bye` concerns these",
    breaks: "does not name what it refuses",
    block: (block) => block.replace(/,"channels":\[.*\]/, ""),
  },
  {
    law: "5.1: The body is Server-Sent Events",
    breaks: "keeps streams open after it was drained",
    controls: () => ({ drain: async () => {} }),
  },
  {
    law: "5.1: Over HTTP/1.1",
    breaks: "keeps the connection of a stream alive",
    ...head(200, { connection: "keep-alive" }),
  },
  {
    law: "5.1: and so should a 503",
    breaks: "keeps connections alive while it shuts down",
    ...head(503, { connection: "keep-alive" }),
  },
  {
    law: "5.2: `contract` is",
    breaks: "has a contract for each stream",
    block: (block) => block.replace(/"contract":"/, `$&${Math.random()}`),
  },
  {
    law: "5.2: It is left out",
    breaks: "gives its position before the current values",
    block: (block) =>
      isOf("hello", block) && !block.includes("\nid:") ? block.replace(/\n\n$/, "\nid: a.1\n\n") : block,
  },
  {
    law: "5.4: When a value is withdrawn or expires: — it expires",
    breaks: "does not say that a value has expired",
    ...swallows('event: clear\ndata: {"channel":"rooms/tea","type":"status"'),
  },
  {
    law: "5.4: A `clear` that retention",
    breaks: "sends no gap for withdrawals that were trimmed",
    ...swallows('{"rooms/left":"trimmed"}'),
  },
  {
    law: "5.4: sent to every client",
    breaks: "sends volatile events however old they are",
    controls: (good) => ({ pass: async (time) => (time === 4_500 ? null : good.pass(time)) }),
  },
  {
    law: "5.6: the connection is old",
    breaks: "does not say that a stream is old",
    ...swallows('{"reason":"max-age"}'),
  },
  {
    law: "5.6: When a viewer opens more streams",
    breaks: "does not say that a stream had to go for a newer one",
    ...swallows('{"reason":"limit"}'),
  },
  {
    law: "5.6: the credentials expired",
    breaks: "does not say that credentials expired",
    ...swallows('{"reason":"expired"}'),
  },
  {
    law: "5.6: `forbidden` | stop",
    breaks: "does not say that a right has ended",
    ...swallows('{"reason":"forbidden"}'),
  },
  {
    law: '5.6: With `"channels"',
    breaks: "does not name the channel whose right has ended",
    ...swallows('{"reason":"forbidden","channels":["rooms/tea"]}'),
  },
];
