// What a server may say about positions in the epoch of its own log, as after a backup was restored.
import { block, endless, HELLO, say, stream, type Answer } from "./answers.ts";

const ROOM = "rooms/lobby";
const FEED = "feeds/news";
const FAR = "9007199254740991";
/** A third gap within a minute would end a subscription. */
const FEW = 3;
const lie = { text: "a lie" };
const state = { [ROOM]: { texts: [] } };
const hello = (id: string): string => HELLO.replace("e.1", id);

/** A page that ends far behind the head of the log. */
const farPage =
  (members: object = {}): Answer =>
  ({ epoch }) =>
    say(JSON.stringify({ events: [], cursor: `${epoch}.${FAR}`, more: false, state, ...members }));

/** A page of nothing. */
const page: Answer = ({ epoch }) => say(JSON.stringify({ events: [], cursor: `${epoch}.0`, more: false, state }));

/** A stream that says something about the log, and stays open. */
const about =
  (tell: (epoch: string) => string): Answer =>
  (asked) =>
    stream(tell(asked.epoch))(asked);

/** By name. The room begins by a page, the feed by the stream. */
export const POSITION_LIES: Readonly<Record<string, { readonly page: Answer; readonly stream?: Answer }>> = {
  "a page that ends beyond the head": { page: farPage() },
  "a page with more beyond the head": { page: farPage({ more: true }) },
  "a page with an event beyond the head": {
    page: (asked) =>
      farPage({ events: [{ channel: ROOM, type: "said", data: lie, id: `${asked.epoch}.${FAR}` }] })(asked),
  },
  "a page with an event beyond the head that cannot be read": {
    page: (asked) =>
      farPage({ events: [{ channel: ROOM, type: "said", data: 5, id: `${asked.epoch}.${FAR}` }] })(asked),
  },
  "a gap on a page that ends beyond the head": {
    page: (asked) => farPage(asked.count < FEW ? { gap: { channels: { [ROOM]: "trimmed" } } } : {})(asked),
  },
  "a stream that begins beyond the head": { page, stream: about((epoch) => hello(`${epoch}.${FAR}`)) },
  "a heartbeat beyond the head": {
    page,
    stream: about((epoch) => hello(`${epoch}.0`) + block("heartbeat", {}, `${epoch}.${FAR}`)),
  },
  "events beyond the head": {
    page,
    stream: about(
      (epoch) =>
        hello(`${epoch}.0`) +
        block(`${ROOM}:said`, lie, `${epoch}.${FAR}`) +
        block(`${FEED}:said`, lie, `${epoch}.${FAR}`),
    ),
  },
  "events beyond the head that cannot be read": {
    page,
    stream: about((epoch) => hello(`${epoch}.0`) + block(`${FEED}:said`, 5, `${epoch}.${FAR}`)),
  },
  "a withdrawal beyond the head": {
    page,
    stream: about(
      (epoch) => hello(`${epoch}.0`) + block("clear", { channel: ROOM, type: "said", key: "" }, `${epoch}.${FAR}`),
    ),
  },
  "a gap that ends beyond the head": {
    page,
    stream: (asked) => {
      const gap = block("gap", { channels: { [ROOM]: "lost", [FEED]: "lost" } }, `${asked.epoch}.${FAR}`);
      return about((epoch) => hello(`${epoch}.0`) + (asked.count < FEW ? gap : ""))(asked);
    },
  },
  "events that everybody knows, without an end": {
    page: farPage(),
    stream: (asked) =>
      endless((count) =>
        count === 0 ? hello(`${asked.epoch}.0`) : block(`${ROOM}:said`, lie, `${asked.epoch}.${count}`),
      )(asked),
  },
};
