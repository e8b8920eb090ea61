// What goes wrong with the bytes of an answer: statuses, types, encodings, lengths, and where a body is cut.
import { block, HELLO, say, type Answer } from "./answers.ts";

const ROOM = "rooms/lobby";
const SAID = `${ROOM}:said`;
const lie = { text: "a lie" };
const PAGE = { events: [], cursor: "e.1", more: false };
const STREAM_TYPE = "text/event-stream";
const encoder = new TextEncoder();

/** A body of some chunks. It ends, breaks or stays open after them. */
function chunks(parts: readonly (string | Uint8Array)[], then: "end" | "break" | "open", type: string): Answer {
  return ({ life }) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(typeof part === "string" ? encoder.encode(part) : part);
        if (then === "end") controller.close();
        else if (then === "break") controller.error(new TypeError("terminated"));
        else life.addEventListener("abort", () => controller.error(new TypeError("terminated")));
      },
    });
    return new Response(body, { headers: { "content-type": type } });
  };
}

const stream = (then: "end" | "break" | "open", ...parts: readonly (string | Uint8Array)[]): Answer =>
  chunks(parts, then, STREAM_TYPE);
const page = (then: "end" | "break" | "open", ...parts: readonly (string | Uint8Array)[]): Answer =>
  chunks(parts, then, "application/json");
const problem = (status: number, code: string, members: object = {}, headers: object = {}): Answer => {
  const text = JSON.stringify({ status, code, ...members });
  return () => say(text, "application/problem+json", status, headers);
};

/** By name, where a stream is asked for. */
export const TRANSPORT_LIES_OF_STREAMS: Readonly<Record<string, Answer>> = {
  "a byte order mark before hello, and the end": stream("end", "\uFEFF", HELLO),
  "half a character at the end": stream("break", HELLO, `event: ${SAID}\ndata: "`, new Uint8Array([0xe8, 0xaa])),
  "an event without its blank line at the end": stream("end", HELLO, `event: ${SAID}\ndata: {"text":"x"}\nid: e.2\n`),
  "a NUL in an id": stream("open", HELLO, `event: ${SAID}\ndata: {"text":"x"}\nid: e.2\0\n\n`),
  "a NUL in a name": stream("open", HELLO, block(`${ROOM}\0:said`, lie, "e.2")),
  "a hello in chunks of a byte, and the end": stream("end", ...HELLO.split("")),
  "empty chunks, and the end": stream("end", "", HELLO, "", "", ""),
  "an id of a megabyte": stream("open", HELLO, block("heartbeat", {}, `e.${"9".repeat(1_000_000)}`)),
  "an id with blanks": stream("open", HELLO, block(SAID, lie, " e.2 ")),
  "an id with a plus": stream("open", HELLO, block(SAID, lie, "e.+2")),
  "two ids in a block": stream("open", HELLO, `event: ${SAID}\ndata: {"text":"x"}\nid: e.2\nid: f.3\n\n`),
  "two names in a block": stream("open", HELLO, `event: bye\nevent: heartbeat\ndata: {}\nid: e.2\n\n`),
  "hundred thousand empty lines": stream("open", HELLO, "\n".repeat(100_000)),
  "ten thousand retries of nothing, and the end": stream("end", HELLO, "retry: 0\n".repeat(10_000)),
  "fields that nobody knows": stream("open", HELLO, "cursor: e.9\nleader: me\n\n"),
  "a bye in two lines of data": stream("end", HELLO, 'event: bye\ndata: {"reason":\ndata: "draining"}\n\n'),
  "events after a bye": stream("open", HELLO, block("bye", { reason: "draining" }), block(SAID, lie, "e.2")),
  "two byes": stream("end", HELLO, block("bye", { reason: "limit" }), block("bye", { reason: "forbidden" })),
  "two hellos of two epochs": stream("open", HELLO, HELLO.replace("e.1", "f.1")),
  "a hello in the middle that is deaf for days": stream(
    "open",
    HELLO,
    block("hello", { protocol: 1, heartbeat: 86_400_000 }, "e.2"),
  ),
  "gaps for others with the id of nobody": stream("end", HELLO, block("gap", { channels: { "x/y": "lost" } }, "g.0")),
  "the same event a hundred times": stream("open", HELLO, block(SAID, lie, "e.2").repeat(100)),
  "the same event without an id a hundred times": stream("open", HELLO, block(SAID, lie).repeat(100)),
  "heartbeats without a position, and the end": stream("end", HELLO, block("heartbeat", {}).repeat(100)),
  "a page of HTML as a stream": stream("end", "<!doctype html>\n\n<p>Please sign in.\n\n"),
  "bytes of gzip": stream("end", new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])),
  "a type with a wrong ending": () => say(HELLO, "text/event-streams-of-mine"),
  "no type": () => new Response(encoder.encode(HELLO), { status: 200 }),
  "a value with an odd key that is withdrawn": stream(
    "open",
    HELLO,
    block("clear", { channel: ROOM, type: "__proto__", key: "constructor" }, "e.2"),
  ),
  "an end of a channel that does not end": stream("open", HELLO, block(`${ROOM}:end`, {}, "e.2")),
};

/** By name, where a page is asked for. */
export const TRANSPORT_LIES_OF_PAGES: Readonly<Record<string, Answer>> = {
  "a byte order mark before JSON that is cut": page("end", "\uFEFF", "{"),
  "half a character at the end": page(
    "end",
    `{"events":[],"cursor":"e.1","more":false,"state":"`,
    new Uint8Array([0xe8]),
  ),
  "JSON twice": page("end", JSON.stringify(PAGE), JSON.stringify(PAGE)),
  "JSON, and rubbish": page("end", JSON.stringify(PAGE), "\0"),
  "a page that stays open": page("open", JSON.stringify(PAGE)),
  "a page that breaks behind its last byte": page("break", JSON.stringify(PAGE)),
  "members twice": page("end", `{"events":[],"cursor":"e.1","more":false,"cursor":5}`),
  "more events than anybody can count": page(
    "end",
    JSON.stringify({ ...PAGE, events: Array.from({ length: 5_000 }, () => ({ channel: "x", type: "y", data: 0 })) }),
  ),
  "ids in the wrong order": page(
    "end",
    JSON.stringify({
      ...PAGE,
      cursor: "e.2",
      events: ["e.9", "e.3", "f.1", "e.4"].map((id) => ({ channel: ROOM, type: "said", data: lie, id })),
    }),
  ),
  "an epoch with odd letters": page("end", JSON.stringify({ ...PAGE, cursor: "__proto__.1" })),
  "a cursor of minus nothing": page("end", JSON.stringify({ ...PAGE, cursor: "e.-0" })),
  "a cursor with leading zeros": page("end", JSON.stringify({ ...PAGE, cursor: "e.007" })),
  "a state of others": page("end", JSON.stringify({ ...PAGE, state: { "rooms/other": { texts: ["a lie"] } } })),
  "refusals of others": page("end", JSON.stringify({ ...PAGE, refused: { "rooms/other": "forbidden" } })),
};

/** By name, wherever anything is asked for. */
export const TRANSPORT_LIES: Readonly<Record<string, Answer>> = {
  "205": () => say("", "application/json", 205),
  "299": () => say("{}", "application/json", 299),
  "a redirect without an address": () => say("", "text/html", 302),
  "418 of another server": () => say("{}", "application/problem+json", 418),
  "599": () => say("", "text/plain", 599),
  "a problem without a status, of a hub that is busy": problem(503, "unavailable", { status: undefined }),
  "a pause until the year 9999": problem(503, "draining", {}, { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }),
  "a pause until 1970": problem(429, "limit", {}, { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }),
  "a limit that is not a number": problem(503, "limit", { limit: "NaN" }),
  "a refusal with another status in it": problem(403, "forbidden", { status: 200 }),
};
