import { SQLITE } from "../plan.ts";
import type { Mutant } from "./mutant.ts";

const inServer =
  (file: string) =>
  (law: string, breaks: string, from: string, to: string, seed = 1): Mutant => ({
    law,
    breaks,
    file: `packages/server/src/${file}.ts`,
    from,
    to,
    seed,
  });
const inConnection = inServer("connection");
const inTailer = inServer("tailer");

/** Hubs that break their word. */
export const serverMutants: readonly Mutant[] = [
  inConnection(
    "law 1",
    "live push beside the cursor",
    "if (this.#idle) this.#cursor = before;",
    "this.#cursor = before;",
  ),
  inConnection(
    "law 1",
    "the sink's no is not heard",
    "if (!this.#sink.write(bytes)) this.#blocked = true;",
    "this.#sink.write(bytes);",
    175,
  ),
  inConnection(
    "law 2",
    "the cursor is checked only at connect",
    'if (holes.some(({ reason }) => reason !== "trimmed")) {',
    'if (!this.#confirmed && holes.some(({ reason }) => reason !== "trimmed")) {',
  ),
  inTailer("law 2", "the ring is kept over a failover", "ring.reset(next);", "ring.push([], next, clock.now());", 6),
  inServer("hub")(
    "law 6",
    "acknowledged before it is appended",
    "const appended = await log.append(entries);",
    "const { epoch, seq } = await log.head();\n    void log.append(entries).catch(() => {});\n    const appended = entries.map((_, index) => ({ cursor: { epoch, seq: seq + 1 + index }, duplicate: false }));",
  ),
  inConnection(
    "law 7",
    "a gap carries the head's id while other channels have entries",
    "this.#writeGap(this.#news(holes));",
    "this.#writeGap(this.#news(holes), ring.head);",
  ),
  inServer("snapshots")(
    "law 8",
    "a snapshot before its cursor",
    "const cursor = await log.head();\n    try {\n      // The loader of a channel takes the params of its addresses.\n      const state = await loader.load(params as never, { readableFrom });",
    "const early = await loader.load(params as never, { readableFrom });\n    const cursor = await log.head();\n    try {\n      const state = early;",
    206,
  ),
  inConnection(
    "law 9",
    "a heartbeat carries the head",
    "if (this.#idle) this.#write(shared);\n    else this.#writeHeartbeat();",
    "this.#write(shared);",
    223,
  ),
  inTailer("law 10", "a doorbell without a poll", "if (isReading) continue;", "if (rings >= 0) continue;"),
  inTailer("law 10", "a lost wake-up", "(more || heard !== rings) &&", "more &&"),
  inConnection(
    "law 11",
    "filtering is told as a gap",
    "const { entries, holes } = owedOf(page, this.froms, asked);",
    'const { entries } = owedOf(page, this.froms, asked);\n        const holes = page.next.seq > asked.seq + page.entries.length ? [...this.froms.keys()].map((channel) => ({ channel, reason: "trimmed" as const, to: page.next.seq })) : [];',
  ),
  inServer("pages")(
    "law 8",
    "a state of the log before is given a position of this one",
    "if (loaded.some(({ cursor: { epoch } }) => epoch !== head.epoch)) return states(context, start);",
    "",
    621,
  ),
  inServer("pages")(
    "latest",
    "current values after newer ones",
    "[...current, ...owed.entries.map((entry) => eventJson(entry))]",
    "[...owed.entries.map((entry) => eventJson(entry)), ...current]",
  ),
  inServer("ring")(
    "volatile",
    "never too old in the ring",
    "Math.abs(now - born) >= VOLATILE_AGE",
    "Math.abs(now - born) < 0",
  ),
  inServer("snapshots")(
    "law 12",
    "states that are asked for together are loaded apart",
    "const shared = loading.get(name) ?? load();",
    "const shared = load();",
  ),
  {
    ...inServer("hub")(
      "law 6",
      "published beside the transaction",
      "await (log as TransactionalLog<unknown>).appendIn(transaction, [entry]);",
      "await log.append([entry]);",
      SQLITE,
    ),
    isOnSqlite: true,
  },
  inServer("request-handler")(
    "authorisation",
    "an order that came while a stream was opened is missed",
    "orders.hasNews(known, viewer.id, granted) || ",
    "known < 0 || ",
    599,
  ),
  inServer("orders")(
    "authorisation",
    "one that was lost while a stream was opening is missed",
    "      remember(ABOUT_ALL);\n",
    "",
    47_318,
  ),
  inServer("orders")(
    "authorisation",
    "a recheck is not carried out",
    'if (order.verb === "recheck") void recheck(connection);',
    'if (order.verb === "recheck") return;',
  ),
  inConnection(
    "credentials",
    "nobody looks at when they end",
    'if (now >= this.expiresAt) return this.end("expired");',
    "",
  ),
  inServer("request-handler")(
    "credentials",
    "a stream begins although they have ended meanwhile",
    " || connection.expiresAt <= clock.now()",
    "",
    220,
  ),
  inServer("pages")(
    "credentials",
    "a long poll waits longer than they last",
    "Math.min(clock.now() + wait * 1_000, endOf(start.access))",
    "clock.now() + wait * 1_000",
    335,
  ),
  inServer("orders")(
    "rights",
    "an end that comes later is not heard of",
    "connection.expiresAt = known === count ? endOf(access) : Math.min(endOf(access), connection.expiresAt);",
    "",
    116,
  ),
  inServer("orders")(
    "rights",
    "an answer from before replaces a newer one",
    "known === count ? endOf(access) : Math.min(endOf(access), connection.expiresAt)",
    "endOf(access)",
    10_928,
  ),
  inConnection("max-age", "a stream lasts for ever", "if (now >= this.#oldAt)", "if (now < 0)"),
  inServer("start")("readableFrom", "not heard", "const bound = readable.get(path) ?? 0;", "const bound = 0;"),
  inServer("snapshots")(
    "readableFrom",
    "a state is shared with whoever may read less of it",
    'const name = `${address.path} ${readableFrom ?? ""}`;',
    "const name = address.path;",
    14_713,
  ),
  inConnection(
    "readableFrom",
    "values on a stream are shown to everybody",
    "this.froms.has(channel) && seq > (this.#readable.get(channel) ?? 0),",
    "this.froms.has(channel),",
    1_743,
  ),
  inServer("pages")(
    "readableFrom",
    "values on a page are shown to everybody",
    "seq > (readable.get(channel) ?? 0)",
    "seq > 0",
    110,
  ),
  inServer("start")(
    "law 2",
    "a start is validated by a ring that lags behind a failover",
    "return position.epoch === head.epoch && ring.covers(position);",
    "return ring.covers(position);",
    627,
  ),
  inConnection(
    "latest",
    "values on a stream are of the log after a failover",
    'if (head.epoch !== this.#epoch) return this.end("max-age");',
    "",
    2_715,
  ),
  inServer("pages")(
    "latest",
    "values on a page end where a failover has voided one",
    "const isLost = page.holes.length > 0;",
    "const isLost = false;",
  ),
  inConnection(
    "law 8",
    "an id before the current values",
    "this.#fresh.length === 0 && this.#confirmed",
    "this.#confirmed",
    2_715,
  ),
  inServer("connections")(
    "turns",
    "whoever is left when one is over gets no other",
    "for (const sleeper of woken) return queue(sleeper);",
    "",
  ),
  inServer("clock")("handles", "a sleeper's timer stays", "cancel();\n      resolve(false);", "resolve(false);"),
];
