// What a server may say where it is asked for a stream.
import { block, brief, endless, HELLO, say, stream, type Answer } from "./answers.ts";

const ROOM = "rooms/lobby";
const SAID = `${ROOM}:said`;
const lie = { text: "a lie" };
const hello = (members: object): Answer =>
  stream(block("hello", { protocol: 1, heartbeat: 15_000, ...members }, "e.1"));
const afterHello = (...texts: readonly string[]): Answer => stream(HELLO, ...texts);

export const STREAM_LIES: Readonly<Record<string, Answer>> = {
  "nothing at all": stream(""),
  "no hello": stream(block(SAID, lie, "e.2"), block("heartbeat", {}, "e.2")),
  "comments, and no hello": endless(() => ": still here\n"),
  "a hello that is no JSON": stream("event: hello\ndata: {\nid: e.1\n\n"),
  "a hello that is null": stream("event: hello\ndata: null\nid: e.1\n\n"),
  "a hello with an id that is none": stream(block("hello", { heartbeat: 15_000 }, "first")),
  "a hello again and again": endless((count) => block("hello", { contract: `c${count}` }, `e.${count}`)),
  "a heartbeat of 1e300": hello({ heartbeat: 1e300 }),
  "a heartbeat of nothing": hello({ heartbeat: 0 }),
  "a heartbeat that is too short": hello({ heartbeat: 1e-9 }),
  "a heartbeat that is a list": hello({ heartbeat: [15_000] }),
  "a contract that is an object": hello({ contract: {} }),
  "a retry of 25 days": stream("retry: 2160000000\n", HELLO.slice(HELLO.indexOf("event"))),
  "a retry of nothing, and the end": brief("retry: 0\n", HELLO.slice(HELLO.indexOf("event"))),
  "the end after hello": brief(HELLO),
  "a gap without channels": afterHello(block("gap", {})),
  "a gap whose channels are null": afterHello(block("gap", { channels: null })),
  "a gap whose channels are a text": afterHello(block("gap", { channels: ROOM })),
  "a gap whose reason is a list": afterHello(block("gap", { channels: { [ROOM]: [] } })),
  "a gap of nobody": afterHello(block("gap", { channels: { "rooms/none": "trimmed", __proto__: "lost" } })),
  "a gap that comes with each stream": afterHello(block("gap", { channels: { [ROOM]: "trimmed" } })),
  "gaps of nobody without an end": endless((count) =>
    count === 0 ? HELLO : block("gap", { channels: { [`x/${count}`]: "lost" } }),
  ),
  "a gap with an id, of nobody": brief(HELLO, block("gap", { channels: {} }, "f.1")),
  "a bye that is null": brief(HELLO, block("bye", null)),
  "a bye whose reason is an object": brief(HELLO, block("bye", { reason: { code: "forbidden" } })),
  "a bye with the reason of a client": brief(HELLO, block("bye", { reason: "closed" })),
  "a bye with the reason finished": brief(HELLO, block("bye", { reason: "finished" })),
  "a bye whose channels are an object": brief(HELLO, block("bye", { reason: "expired", channels: {} })),
  "a bye that forbids what nobody follows": brief(HELLO, block("bye", { reason: "forbidden", channels: ["x"] })),
  "a bye for its age, at once": brief(HELLO, block("bye", { reason: "max-age" })),
  "a bye because it drains, at once": brief(HELLO, block("bye", { reason: "draining" })),
  "a bye because it has expired, at once": brief(HELLO, block("bye", { reason: "expired" })),
  "an event with an id that is none": afterHello(block(SAID, lie, "second")),
  "an event with an id from far away": afterHello(block(SAID, lie, "e.9007199254740991")),
  "an event of another epoch": afterHello(block(SAID, lie, "f.7")),
  "an event of another type": afterHello(block(SAID, "a lie", "e.2")),
  "an event that is no JSON": afterHello(`event: ${SAID}\ndata: {\nid: e.2\n\n`),
  "an event with the name of a member of every object": afterHello(block(`${ROOM}:toString`, lie, "e.2")),
  "events without a name": afterHello(
    block(":", lie, "e.2"),
    block(`${ROOM}:`, lie, "e.3"),
    block(":said", lie, "e.4"),
  ),
  "an event that never ends": endless((count) => (count === 0 ? `${HELLO}event: ${SAID}\n` : "data: aaaaaaaaaa\n")),
  "a line that never ends": endless((count) => (count === 0 ? `${HELLO}data: ` : "a".repeat(5_000))),
  "another epoch in each event": endless((count) => (count === 0 ? HELLO : block(SAID, lie, `f${count}.1`))),
  "positions that go back": endless((count) => (count === 0 ? HELLO : block("heartbeat", {}, `e.${100_000 - count}`))),
  "a withdrawal that is null": afterHello("event: clear\ndata: null\nid: e.2\n\n"),
  "a withdrawal of nobody": afterHello(block("clear", { channel: "x", type: "topic", key: "" }, "e.2")),
  "bytes that are no text": endless(() => new Uint8Array(500).fill(0xfe)),
  "no line ends but CR": stream(HELLO.replaceAll("\n", "\r")),
  "a page": () => say('{"events":[],"cursor":"e.1","more":false}'),
};
