import { inbox, lobby } from "./client-kit.ts";
import type { FakeRequest, FakeStream } from "./fake-server.ts";

/** What a server answers to every stream, and to every page. */
interface Answers {
  readonly stream: (request: FakeRequest) => void;
  readonly page: (request: FakeRequest) => void;
}

const BOTH = [lobby.path, inbox.path];
const state = { [lobby.path]: { messages: [] } };
const message = (id: string) => ({ channel: lobby.path, type: "message", data: { text: id }, id });
const topic = { channel: lobby.path, type: "topic", data: { text: "tea" } };

/** A stream that says hello, carries one event of each kind, and then does something. */
function follow(then: (stream: FakeStream) => void = () => {}) {
  return (request: FakeRequest) => {
    const stream = request.live("e.1");
    stream.event(`${lobby.path}:message`, { text: "two" }, "e.2");
    stream.event(`${lobby.path}:typing`, { author: "ada" });
    stream.event(`${inbox.path}:mention`, { by: "ada" }, "e.3");
    stream.push(`event: clear\ndata: {"channel":"${lobby.path}","type":"topic","key":""}\nid: e.4\n\n`);
    then(stream);
  };
}

const goodPage = (request: FakeRequest) => request.page({ cursor: "e.1", state, events: [topic, message("e.1")] });
const good: Answers = { stream: follow(), page: goodPage };
const refuse = (status: number, body: object = {}, headers: Record<string, string> = {}): Answers => ({
  stream: (request) => request.answer(status, body, headers),
  page: (request) => request.answer(status, body, headers),
});
const ending = (then: (stream: FakeStream) => void): Answers => ({ stream: follow(then), page: goodPage });
const paging = (page: Answers["page"]): Answers => ({ stream: follow(), page });

/** The answers of servers, good and bad ones. */
export const answers: Readonly<Record<string, Answers>> = {
  good,
  "a login page": refuse(200, {}, { "content-type": "text/html" }),
  "the end for good": refuse(204),
  "a bad request that names channels": refuse(400, { channels: BOTH }),
  unauthenticated: refuse(401),
  "forbidden, with channels": refuse(403, { channels: BOTH }),
  "unknown, with channels": refuse(404, { channels: BOTH }),
  "unavailable for an hour": refuse(503, {}, { "retry-after": "3600" }),
  "unavailable, with channels": refuse(503, { channels: BOTH }),
  nothing: { stream: () => {}, page: () => {} },
  "no page": paging(() => {}),
  "no stream": { stream: () => {}, page: goodPage },
  "a network failure": { stream: (request) => request.fail(), page: (request) => request.fail() },
  "a page that breaks off": paging((request) => request.breakOff()),
  "a page with invalid data": paging((request) => request.page({ cursor: "e.1", state: { [lobby.path]: 5 } })),
  "a page that is no page": paging((request) => request.answer(200, { events: [null], cursor: "e.1", more: false })),
  "a page that refuses": paging((request) => request.page({ cursor: "e.1", refused: { [lobby.path]: "unknown" } })),
  "a page with a gap": paging((request) =>
    request.page({ cursor: "e.1", state, gap: { channels: { [lobby.path]: "trimmed" } } }),
  ),
  "a page with more": paging((request) => request.page({ cursor: "e.1", state, events: [message("e.1")], more: true })),
  "a gap": ending((stream) => stream.gap({ [lobby.path]: "trimmed", [inbox.path]: "trimmed" })),
  "three gaps": ending((stream) => {
    for (const id of ["e.5", "e.6", "e.7"]) {
      stream.gap({ [inbox.path]: "trimmed" });
      stream.event(`${inbox.path}:mention`, { by: "bob" }, id);
    }
  }),
  "a new log": ending((stream) => stream.gap({ [lobby.path]: "reset", [inbox.path]: "reset" }, "f.1")),
  "another epoch": ending((stream) => stream.event(`${inbox.path}:mention`, { by: "bob" }, "f.1")),
  "a bye": ending((stream) => stream.bye("draining")),
  "a bye that forbids a channel": ending((stream) => stream.bye("forbidden", [lobby.path])),
  "a bye that does not know a channel": ending((stream) => stream.bye("unknown", BOTH)),
  "an end": ending((stream) => stream.end()),
  "a break": ending((stream) => stream.break()),
};
