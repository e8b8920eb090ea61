import { first, head, isOf, type BrokenServer } from "./broken-server.ts";

/** The beginning of the titles of laws. */
const STARTS =
  "4: the `Last-Event-ID` header if there is one that is not empty, else `after`, else `last`, " +
  "else the earliest `@<cursor>` of a channel, else now.";
/** Tickets that a request has had. */
const used = new Set<string>();

/** Sections 2 to 4: requests. */
export const brokenRequests: readonly BrokenServer[] = [
  { law: "2:", breaks: "writes ids that are no cursors", block: (block) => block.replace(/^(id: .*)\./m, "$1-") },
  { law: "3: The empty parameter", breaks: "repairs paths", request: ({ query }) => query.set("channel", "rooms/tea") },
  {
    law: "3: Nothing is normalised",
    breaks: "ignores upper and lower case in names",
    request: ({ query }) => query.set("channel", (query.get("channel") ?? "").toLowerCase()),
  },
  {
    law: "4: the `Last-Event-ID` header if there is one",
    breaks: "does not know the header",
    request: ({ headers }) => void delete headers["last-event-id"],
  },
  {
    law: "4: the `Last-Event-ID` header if there is one",
    breaks: "does not know `after`",
    request: ({ query }) => query.delete("after"),
  },
  { law: "4: start before the n-th", breaks: "does not know `last`", request: ({ query }) => query.delete("last") },
  {
    law: "4: it starts after `<cursor>`",
    breaks: "does not send current values",
    block: (block) => (isOf("rooms/tea:topic", block) ? "" : block),
  },
  {
    law: "4: the body replaces",
    breaks: "forgets the query of a POST",
    request: ({ method, query }) => (method === "POST" ? query.delete("last") : undefined),
  },
  {
    law: "4: A client asks with `GET`; `HEAD`",
    breaks: "does not know HEAD",
    status: ({ method }) => (method === "HEAD" ? 405 : undefined),
  },
  {
    law: "4: the stream, unless `Accept`",
    breaks: "looks for the word json",
    request: ({ headers }) => {
      if (headers.accept?.includes("json") === true) headers.accept = "application/json";
    },
  },
  {
    law: "4: If both rank equally",
    breaks: "prefers the stream whenever both rank equally",
    request: ({ headers }) => {
      if (/json, text/.test(headers.accept ?? "")) headers.accept = "text/event-stream";
    },
  },
  {
    law: "4: A stream request with a page-only parameter",
    breaks: "ignores the parameters of pages on a stream",
    request: ({ query }) => {
      for (const name of ["wait", "snapshot", "before"]) query.delete(name);
    },
  },
  {
    law: "4: An `after` or `before` that is empty",
    breaks: "takes an empty position for a void one",
    request: ({ query }) => (query.get("after") === "" ? query.set("after", "void") : undefined),
  },
  {
    law: "4: An `Accept` that allows neither",
    breaks: "ignores Accept",
    request: ({ headers }) => void (headers.accept = "*/*"),
  },
  { law: "4: The `Vary` of the response", breaks: "forgets Vary", ...head(200, { vary: undefined }) },
  {
    law: "3: A path is one or more segments",
    breaks: "shortens paths that are too long",
    request: ({ query }) =>
      query.getAll("channel").length === 1 ? query.set("channel", first(query).slice(0, 256)) : undefined,
  },
  {
    law: "3: `A-Z a-z",
    breaks: "reads encoded dots as dots",
    request: ({ query }) => (first(query) === "rooms/%2E%2E" ? query.set("channel", "rooms/..") : undefined),
  },
  {
    law: "4: The query is",
    breaks: "does not decode names of parameters",
    request: ({ url, query }) => (url.includes("%63hannel") ? query.delete("channel") : undefined),
  },
  {
    law: "4: so the `%` of a path",
    breaks: "decodes a path once more",
    request: ({ query }) => (first(query) === "rooms/a/b" ? query.set("channel", "rooms/a%2Fb") : undefined),
  },
  {
    law: "4: a path to follow; repeated",
    breaks: "follows fifty channels at most",
    status: ({ method, query }) => (method === "GET" && query.getAll("channel").length === 100 ? 400 : undefined),
  },
  {
    law: "4: 1 to 1,000.",
    breaks: "allows 999 events at most",
    status: ({ query }) => (query.get("last") === "1000" ? 400 : undefined),
  },
  {
    law: "4: A list that is too long for a query is sent as `POST` to the same resource — each",
    breaks: "reads the query of a POST",
    status: ({ method, query }) => (method === "POST" && query.get("channel") === "nowhere" ? 404 : undefined),
  },
  {
    law: "4: A list that is too long for a query is sent as `POST` to the same resource with",
    breaks: "refuses a body of exactly 64 KiB",
    status: ({ headers }) => (headers["content-length"] === "65536" ? 413 : undefined),
  },
  {
    law: `${STARTS} — the earliest of two`,
    breaks: "starts at the first position that it finds",
    request: ({ query }) => {
      const [one, other] = query.getAll("channel");
      const start = /@(\w+\.\d+)$/.exec(one ?? "")?.[1];
      if (start !== undefined && other?.includes("@") === true) query.set("after", start);
    },
  },
  {
    law: "4: so the server then ignores the part after `@`",
    breaks: "restarts channels with `@` on each reconnect",
    request: ({ headers, query }) => {
      if (!first(query).endsWith("@now") || headers["last-event-id"] === undefined) return;
      delete headers["last-event-id"];
    },
  },
  {
    law: "4: A request with `Last-Event-ID`",
    breaks: "ignores Last-Event-ID if there is `last`",
    request: ({ headers, query }) => {
      if (query.get("last") === "8") delete headers["last-event-id"];
    },
  },
  {
    law: "4: the same, from the newest position",
    breaks: "does not know `@now`",
    request: ({ query }) => {
      const paths = query.getAll("channel").map((path) => path.replace("rooms/new@now", "rooms/new"));
      query.delete("channel");
      for (const path of paths) query.append("channel", path);
    },
  },
  {
    law: "4: gets what is published from now on",
    breaks: "sends current values without `@`",
    request: ({ query }) => {
      if (query.toString() === "channel=rooms%2Ftea") query.set("channel", "rooms/tea@now");
    },
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — for that viewer",
    breaks: "issues tickets for another viewer",
    controls: (good) => ({ ticket: () => good.ticket("somebody") }),
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — once",
    breaks: "accepts a ticket twice",
    request: ({ query }) => {
      const ticket = query.get("ticket") ?? "";
      if (used.has(ticket)) query.delete("ticket");
      else used.add(ticket);
    },
  },
  {
    law: "4.1: It stands for that viewer **once, within 30 seconds**. — within",
    breaks: "has tickets that never expire",
    controls: (good) => ({ pass: async (time) => (time === 11_000 ? null : good.pass(time)) }),
  },
  {
    law: "4.1: A request with any other ticket",
    breaks: "accepts any text as a ticket",
    request: ({ query }) => (query.get("ticket") === "nonsense" ? query.delete("ticket") : undefined),
  },
];
