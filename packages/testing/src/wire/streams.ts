import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { withinTime } from "./answer.ts";
import { assertReaches, idsOf, namesOf, numbers, seqOf, textsOf } from "./guest.ts";
import { lawsOf, type Law } from "./law.ts";

/** Texts that could break a line, a field or a block, and characters of one to four bytes. */
const TEXTS = [
  "a\nb",
  "a\r\nb\r",
  "\n\n",
  "data: x\n\nid: 9.9\n\n",
  "\u2028\u2029\u0085",
  "\uFEFF",
  "é € 🫖",
  "\0",
  "",
];

const NO_ID_YET =
  "It is left out in two cases: the server has not looked that position up yet, or the current values of " +
  "section 5.4 or ends of section 5.7 are still to come. Then an event or a heartbeat with an `id` follows, or a gap.";

export const streamLaws: readonly Law[] = [
  ...lawsOf("5.1", [], {
    async "`200` with these headers:"(guest) {
      const { headers } = await guest.stream("channel=rooms/tea");
      assert.equal(headers["content-type"], "text/event-stream");
      assert.equal(headers["cache-control"], "no-store, no-transform");
      assert.equal(headers["x-accel-buffering"], "no");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["content-encoding"], undefined);
      assert.equal(headers["content-length"], undefined);
    },
  }),
  ...lawsOf("5.1", ["publish", "anything"], {
    async "in its plainest form: LF line ends, no byte order mark, UTF-8, one `data:` line per event"(guest) {
      const stream = await guest.stream("channel=rooms/tea");
      const ids = await guest.say("rooms/tea", ...TEXTS);
      const blocks = await stream.take(TEXTS.length);
      assert.deepEqual(textsOf(blocks), TEXTS);
      assert.deepEqual(idsOf(blocks), ids);
    },
  }),
  ...lawsOf(
    "5.1",
    ["drain"],
    {
      async "The body is Server-Sent Events as the WHATWG HTML standard defines them — over HTTP/1.0"({ server }) {
        const { host, hostname, port, pathname } = new URL(server.url);
        const socket = connect(Number(port), hostname);
        // HTTP/1.0 does not ask for the host, but proxies send it, and a server may refuse a request without one.
        const head = Object.entries({ host, ...server.headers }).map((header) => `${header.join(": ")}\r\n`);
        socket.write(`GET ${pathname}?channel=rooms/tea HTTP/1.0\r\n${head.join("")}\r\n`);
        let answer = "";
        socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
        try {
          while (!answer.includes("hello")) await withinTime(5_000, () => "a hello", once(socket, "data"));
          const ending = withinTime(5_000, () => "the end of the connection", once(socket, "end"));
          await server.drain();
          await ending;
        } finally {
          socket.destroy();
        }
        assert.doesNotMatch(answer, /^transfer-encoding/im);
        assert.match(answer, /\r\n\r\nretry: ?\d+\nevent: ?hello\n[^]*event: ?bye\ndata: ?{"reason":"draining"}\n\n$/);
      },
    },
    { http: 1 },
  ),
  ...lawsOf(
    "5.1",
    [],
    {
      async "Over HTTP/1.1 the response should also have `Connection: close`"(guest) {
        const { headers } = await guest.stream("channel=rooms/tea", { headers: { connection: "keep-alive" } });
        assert.equal(headers["connection"], "close");
      },
    },
    { http: 1, closes: true },
  ),
  ...lawsOf(
    "5.1",
    ["drain", "lingering"],
    {
      async "and so should a 503"(guest) {
        await guest.server.drain();
        const { status, headers } = await guest.ask("channel=rooms/tea&protocol=1", {
          headers: { connection: "keep-alive" },
        });
        assert.deepEqual([status, headers["connection"]], [503, "close"]);
      },
    },
    { http: 1, closes: true },
  ),
  ...lawsOf("5.2", ["publish", "secret", "heartbeat"], {
    async 'data: {"protocol":1,"heartbeat":15000,"contract":"9f3c01ab"} — hello is the first block'(guest) {
      const [one] = await guest.say("rooms/tea", "1", "2");
      const { hello } = await guest.stream(`channel=rooms/tea&channel=rooms/secret&after=${one}`);
      // The data of `hello` is an object.
      const { contract, ...rest } = hello.data as Readonly<Record<string, unknown>>;
      assert.deepEqual(rest, { protocol: 1, heartbeat: 1_000 });
      assert.match(String(contract), /./);
    },
  }),
  ...lawsOf("5.2", [], {
    async "`retry` is random per connection, 500 to 60,000 ms."(guest) {
      const opening = numbers(1, 5).map(() => guest.stream("channel=rooms/tea"));
      const retries = (await Promise.all(opening)).map(({ hello }) => Number(hello.retry));
      for (const retry of retries) assert.ok(retry >= 500 && retry <= 60_000, `a retry of ${retry}`);
      assert.ok(new Set(retries).size > 1, `five times a retry of ${retries[0]}`);
    },
    async "`contract` is a fingerprint of the server's channels"(guest) {
      const streams = [await guest.stream("channel=rooms/tea"), await guest.stream("channel=rooms/coffee")];
      // The data of `hello` is an object.
      const contracts = streams.map(({ hello }) => (hello.data as { readonly contract?: unknown }).contract);
      assert.equal(typeof contracts[0], "string");
      assert.equal(contracts[0], contracts[1]);
    },
  }),
  ...lawsOf("5.2", ["publish"], {
    async "The `id` is where the connection starts."(guest) {
      const [one, two] = await guest.say("rooms/tea", "1", "2");
      assertReaches((await guest.stream("channel=rooms/tea")).hello.id, two);
      const stream = await guest.stream(`channel=rooms/tea&after=${one}`);
      // The id may be missing while the server has not looked that position up yet.
      assert.ok([one, null].includes(stream.hello.id ?? null), `an id of ${stream.hello.id}`);
      assert.deepEqual(idsOf(await stream.take(1)), [two]);
    },
  }),
  ...lawsOf("5.2", ["publish", "values", "heartbeat"], {
    async [NO_ID_YET](guest) {
      const id = await guest.server.publish("rooms/tea", "topic", { text: "the topic" });
      const stream = await guest.stream("channel=rooms/tea@now");
      const [topic, heartbeat] = [await stream.next(), await stream.next()];
      assert.deepEqual([stream.hello.id, topic?.id], [null, null]);
      assert.deepEqual([heartbeat?.event, heartbeat?.id], ["heartbeat", id]);
    },
  }),
  ...lawsOf("5.3", ["publish", "inbox"], {
    async "The name is `<path>:<type>`"(guest) {
      const stream = await guest.stream("channel=rooms/tea&channel=users/ada/inbox");
      await guest.say("rooms/tea", "1");
      await guest.server.publish("users/ada/inbox", "mention", { text: "2" });
      const blocks = await stream.take(2);
      assert.deepEqual(namesOf(blocks), ["rooms/tea:message", "users/ada/inbox:mention"]);
    },
  }),
  ...lawsOf("5.3", ["publish"], {
    async "Events of one path arrive in the order of the log. — each once, with its own id"(guest) {
      const stream = await guest.stream("channel=rooms/tea&channel=rooms/coffee");
      const texts = numbers(1, 10).flatMap((text) => [`rooms/tea ${text}`, `rooms/coffee ${text}`]);
      // They are published concurrently, so only the log decides on their order.
      const publishing = texts.map(async (text) => {
        const [path = ""] = text.split(" ");
        const [id = ""] = await guest.say(path, text);
        return { id, text };
      });
      const published = (await Promise.all(publishing)).toSorted((one, other) => seqOf(one.id) - seqOf(other.id));
      const blocks = await stream.take(20);
      assert.deepEqual(
        blocks.map(({ event, data, id }) => ({ event, text: textsOf([{ data }])[0], id })),
        published.map(({ id, text }) => ({ event: `${text.split(" ")[0]}:message`, text, id })),
      );
    },
  }),
];
