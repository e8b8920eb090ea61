import { first, head, isOf, type BrokenServer } from "./broken-server.ts";

/** Of a law's title. */
const STARTS =
  "4: the `Last-Event-ID` header if there is one that is not empty, else `after`, else `last`, else the earliest `@<cursor>` of a channel, else now.";
/** Tickets that have been shown. */
const used = new Set<string>();

/** Sections 2 to 4: what is asked. */
export const brokenRequests: readonly BrokenServer[] = [
  { law: "2:", breaks: "writes ids that are no cursors", block: (block) => block.replace(/^(id: .*)\./m, "$1-") },
  { law: "3: The empty parameter", breaks: "tidies paths", ask: ({ query }) => query.set("channel", "rooms/tea") },
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
  {
    law: "4: A client asks with `GET`; `HEAD`",
    breaks: "does not know HEAD",
    refuses: ({ method }) => (method === "HEAD" ? 405 : undefined),
  },
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
  {
    law: "3: A path is one or more segments",
    breaks: "cuts paths that are too long",
    ask: ({ query }) =>
      query.getAll("channel").length === 1 ? query.set("channel", first(query).slice(0, 256)) : undefined,
  },
  {
    law: "3: `A-Z a-z",
    breaks: "reads encoded dots as dots",
    ask: ({ query }) => (first(query) === "rooms/%2E%2E" ? query.set("channel", "rooms/..") : undefined),
  },
  {
    law: "4: The query is",
    breaks: "does not decode names of parameters",
    ask: ({ url, query }) => (url.includes("%63hannel") ? query.delete("channel") : undefined),
  },
  {
    law: "4: so the `%` of a path",
    breaks: "decodes a path once more",
    ask: ({ query }) => (first(query) === "rooms/a/b" ? query.set("channel", "rooms/a%2Fb") : undefined),
  },
  {
    law: "4: a stream to follow; repeated",
    breaks: "follows fifty channels at most",
    refuses: ({ method, query }) => (method === "GET" && query.getAll("channel").length === 100 ? 400 : undefined),
  },
  {
    law: "4: 1 to 1,000.",
    breaks: "has no more than 999 events for anybody",
    refuses: ({ query }) => (query.get("last") === "1000" ? 400 : undefined),
  },
  {
    law: "4: A list that is too long for a query is sent as `POST` to the same resource — each",
    breaks: "reads the query of a POST",
    refuses: ({ method, query }) => (method === "POST" && query.get("channel") === "nowhere" ? 404 : undefined),
  },
  {
    law: "4: A list that is too long for a query is sent as `POST` to the same resource with",
    breaks: "takes 64 KiB for too long",
    refuses: ({ headers }) => (headers["content-length"] === "65536" ? 413 : undefined),
  },
  {
    law: `${STARTS} — the earliest of two`,
    breaks: "starts at the first position that it finds",
    ask: ({ query }) => {
      const [one, other] = query.getAll("channel");
      const start = /@(\w+\.\d+)$/.exec(one ?? "")?.[1];
      if (start !== undefined && other?.includes("@") === true) query.set("after", start);
    },
  },
  {
    law: "4: so the server then ignores the part after `@`",
    breaks: "starts channels anew with everybody who comes back",
    ask: ({ headers, query }) => {
      if (!first(query).endsWith("@now") || headers["last-event-id"] === undefined) return;
      delete headers["last-event-id"];
    },
  },
  {
    law: "4: A request with `Last-Event-ID`",
    breaks: "tells the last event again",
    ask: ({ headers, query }) => {
      if (query.get("last") === "8") delete headers["last-event-id"];
    },
  },
  {
    law: "4: the same, from the newest position",
    breaks: "does not know `@now`",
    ask: ({ query }) => {
      const paths = query.getAll("channel").map((path) => path.replace("rooms/new@now", "rooms/new"));
      query.delete("channel");
      for (const path of paths) query.append("channel", path);
    },
  },
  {
    law: "4: gets what is published from now on",
    breaks: "tells everybody the current values",
    ask: ({ query }) => {
      if (query.toString() === "channel=rooms%2Ftea") query.set("channel", "rooms/tea@now");
    },
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — for that viewer",
    breaks: "gives tickets for anybody",
    controls: (good) => ({ ticket: () => good.ticket("somebody") }),
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — once",
    breaks: "lets in whose ticket is used",
    ask: ({ query }) => {
      const ticket = query.get("ticket") ?? "";
      if (used.has(ticket)) query.delete("ticket");
      else used.add(ticket);
    },
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — within",
    breaks: "has tickets that are good for ever",
    controls: (good) => ({ pass: async (time) => (time === 11_000 ? null : good.pass(time)) }),
  },
  {
    law: "4.1: A request with any other ticket",
    breaks: "takes any word for a ticket",
    ask: ({ query }) => (query.get("ticket") === "nonsense" ? query.delete("ticket") : undefined),
  },
];
