// What a server may say where it is asked for a page.
import { endless, json, problem, say, type Answer } from "./answers.ts";

const ROOM = "rooms/lobby";
const GOOD = { events: [], cursor: "e.1", more: false };
const good = (members: object): Answer => json({ ...GOOD, ...members });
const event = { channel: ROOM, type: "said", data: { text: "a lie" }, id: "e.2" };
const each = (page: (count: number) => object): Answer => {
  return (asked) => say(JSON.stringify({ ...GOOD, ...page(asked.count) }));
};

/** By name. All of them answer 200, or with an error that a hub does not send. */
export const PAGE_LIES: Readonly<Record<string, Answer>> = {
  "no JSON": () => say("{"),
  nothing: () => say(""),
  null: json(null),
  "a list": json([]),
  "a number": json(5),
  "an empty object": json({}),
  "events that are null": good({ events: null }),
  "an event that is null": good({ events: [null] }),
  "an event that is a list": good({ events: [["said"]] }),
  "an event without a channel": good({ events: [{ ...event, channel: undefined }] }),
  "an event whose type is an object": good({ events: [{ ...event, type: {} }] }),
  "an event whose id is a number": good({ events: [{ ...event, id: 2 }] }),
  "an event whose id is no cursor": good({ events: [{ ...event, id: "second" }] }),
  "an event of another epoch": good({ events: [{ ...event, id: "f.7" }] }),
  "events in the wrong order": good({ events: [{ ...event, id: "e.9" }, event], cursor: "e.9" }),
  "an event behind its cursor": good({ events: [{ ...event, id: "e.99" }] }),
  "an event that nobody asked for": good({ events: [{ ...event, channel: "rooms/other" }] }),
  "an event with the name of a member of every object": good({ events: [{ ...event, type: "constructor" }] }),
  "a withdrawal whose key is an object": good({ events: [{ ...event, clear: {} }] }),
  "no cursor": good({ cursor: undefined }),
  "a cursor that is a number": good({ cursor: 1 }),
  "a cursor that is none": good({ cursor: "e" }),
  "a cursor with a line end": good({ cursor: "e.1\n" }),
  "a cursor with a minus": good({ cursor: "e.-1" }),
  "a cursor that is too large for a number": good({ cursor: "e.99999999999999999999999" }),
  "a cursor from far away": good({ cursor: "e.9007199254740991" }),
  "a cursor of another epoch each time": each((count) => ({ cursor: `f${count}.1` })),
  "no more": good({ more: undefined }),
  "more that is a text": good({ more: "false" }),
  "more without progress": good({ more: true }),
  "more, and another epoch each time": each((count) => ({ more: true, cursor: `f${count}.1` })),
  "more, and one back each time": each((count) => ({ more: true, cursor: `e.${10_000 - count}` })),
  "more, and one further each time": each((count) => ({ more: true, cursor: `e.${count + 2}` })),
  "events of nobody, and one further each time": each((count) => ({
    more: true,
    cursor: `e.${count + 2}`,
    events: [{ ...event, channel: "rooms/other", id: `e.${count + 2}` }],
  })),
  "gaps of nobody, and one further each time": each((count) => ({
    more: true,
    cursor: `e.${count + 2}`,
    gap: { channels: { "rooms/other": "trimmed" } },
  })),
  "a known event, and one further each time": each((count) => ({
    more: true,
    cursor: `e.${count + 2}`,
    events: [{ ...event, id: "e.1" }],
  })),
  "a gap that is empty": good({ gap: {} }),
  "a gap that is a text": good({ gap: "trimmed" }),
  "a gap whose channels are a list": good({ gap: { channels: [ROOM] } }),
  "a gap whose reason is an object": good({ gap: { channels: { [ROOM]: {} } } }),
  "a gap whose reason is none": good({ gap: { channels: { [ROOM]: "" } } }),
  "gaps of nobody": good({ gap: { channels: Object.fromEntries([...range(5_000)].map((n) => [`x/${n}`, "lost"])) } }),
  "refusals that are a list": good({ refused: [ROOM] }),
  "a refusal that is an object": good({ refused: { [ROOM]: { reason: "forbidden" } } }),
  "a refusal with the reason of a client": good({ refused: { [ROOM]: "closed" } }),
  "a state that is null": good({ state: null }),
  "a state that is a list": good({ state: [] }),
  "a state of another type": good({ state: { [ROOM]: "hello" } }),
  "a state that is null inside": good({ state: { [ROOM]: null } }),
  "a page with __proto__": () => say(`{"events":[],"cursor":"e.1","more":false,"state":{"__proto__":{"texts":[]}}}`),
  "a page for a browser": () => say("<!doctype html><p>Please sign in.", "text/html"),
  "a stream": () => say(": here it comes\n\n", "text/event-stream"),
  "a page that never ends": endless(() => " ".repeat(5_000), "application/json"),
  "bytes that are no text": () => new Response(new Uint8Array(5_000).fill(0xfe), { headers: JSON_TYPE }),
  "a page that breaks off": () => new Response(broken(), { headers: JSON_TYPE }),
  "no answer for ever": () => new Promise(() => {}),
};

/** What a server may say wherever it is asked. */
export const ERROR_LIES: Readonly<Record<string, Answer>> = {
  "206": () => say("{}", "application/json", 206),
  "304": () => say("", "application/json", 304),
  "an error of a proxy, 403": () => say("<p>Forbidden", "text/html", 403),
  "an error of a proxy, 413": () => say("{}", "application/json", 413),
  "an error of a proxy, 414": () => say("{}", "application/json", 414),
  "an error that never ends": endless(() => " ".repeat(5_000), "application/problem+json"),
  "a problem that is null": problem(400, null),
  "a problem of another status": problem(404, { status: 503, code: "draining" }),
  "a refusal of credentials that was a limit": problem(401, { status: 429, code: "limit" }),
  "a problem whose code is an object": problem(401, { code: {} }),
  "a problem whose code is of every object": problem(403, { code: "constructor" }),
  "a limit of half a channel": problem(503, { code: "limit", limit: 0.5 }),
  "a limit below nothing": problem(503, { code: "limit", limit: -5 }),
  "a limit that is a text": problem(503, { code: "limit", limit: "1" }),
  "channels that are a number": problem(503, { code: "unavailable", channels: 5 }),
  "a pause of a minus": problem(503, { code: "unavailable" }, { "retry-after": "-5" }),
  "a pause that is no number": problem(503, { code: "unavailable" }, { "retry-after": "NaN" }),
  "a network that fails in odd ways": () => Promise.reject<Response>(undefined),
};

const JSON_TYPE = { "content-type": "application/json" };

function* range(count: number): Iterable<number> {
  for (let index = 0; index < count; index++) yield index;
}

function broken(): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(`{"events":[`));
      controller.error(new TypeError("terminated"));
    },
  });
}
