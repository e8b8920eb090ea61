import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, other } from "../../test/client-kit.ts";
import { follow, live } from "../../test/stream-kit.ts";
import { mention } from "../../test/subscription-kit.ts";

const GOOD = { events: [mention(2)], cursor: "e.2", more: false };
const event = mention(2);

describe("a page with a member of another type is no page: it is told, and asked for again after a pause", () => {
  test.each([
    { gap: "" },
    { gap: null },
    { gap: { channels: { [inbox.path]: {} } } },
    { gap: { channels: "trimmed" } },
    { refused: "forbidden" },
    { refused: { [inbox.path]: { reason: "forbidden" } } },
    { cursor: ["e.2"] },
    { cursor: { token: "e.2" } },
    { more: "no" },
    { more: null },
    { events: [5] },
    { events: [{ ...event, channel: [inbox.path] }] },
    { events: [{ ...event, type: ["mention"] }] },
    { events: [{ ...event, id: ["e.2"] }] },
    { events: [{ ...event, clear: 5 }] },
  ])("%j", async (members) => {
    const kit = createKit();
    const heard: unknown[] = [];
    kit.client.subscribe(
      inbox,
      { mention: ({ by }) => heard.push(by), onGap: () => heard.push("gap") },
      { after: "e.1" },
    );
    await kit.clock.advance(0);
    kit.server.page.answer(200, { ...GOOD, ...members });
    await kit.clock.advance(0);
    expect(kit.errors).toMatchObject([{ code: "bad-response" }]);
    expect([heard, kit.server.pages.length]).toEqual([[], 1]);
    await kit.clock.advance(10_000);
    expect(kit.server.pages).toHaveLength(2);
    kit.server.page.answer(200, GOOD);
    await kit.clock.advance(0);
    expect(heard).toEqual(["2"]);
  });
});

describe("on a stream", () => {
  test.each([
    [5, "5"],
    [null, "null"],
    [{}, "[object Object]"],
    [["trimmed"], "trimmed"],
    [{ toString: 5, valueOf: 5 }, "no text"],
  ])("a gap has a reason that is a text, also where the server says %j", async (reason, text) => {
    const { stream, clock, gaps } = await live();
    stream.push(`event: gap\ndata: ${JSON.stringify({ channels: { [inbox.path]: reason } })}\n\n`);
    await clock.advance(0);
    expect(gaps).toEqual([`${text} after e.1`]);
  });

  test.each([{ key: 5 }, { key: null }, { key: ["k"] }, { type: ["topic"] }])(
    "a withdrawal with %j is none",
    async (members) => {
      const kit = createKit();
      const cleared: unknown[] = [];
      kit.client.subscribe(lobby, { snapshot: () => {}, onClear: (value) => cleared.push(value) });
      await kit.clock.advance(0);
      kit.server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: [] } } });
      await kit.clock.advance(0);
      const stream = kit.server.stream.live("e.1");
      await kit.clock.advance(0);
      const data = { channel: lobby.path, type: "topic", key: "" };
      for (const [index, each] of [{ ...data, ...members }, data].entries()) {
        stream.push(`event: clear\ndata: ${JSON.stringify(each)}\nid: e.${index + 2}\n\n`);
      }
      await kit.clock.advance(0);
      expect(cleared).toEqual([{ ...data, id: "e.3" }]);
    },
  );
});

describe("what has no text may be thrown, too", () => {
  const nameless: unknown = Object.create(null);

  test.each(["fetch", "headers", "url"])("by %s: it is told, and tried again", async (name) => {
    const fail = async () => {
      throw nameless;
    };
    const { errors, clock, client } = await follow({ [name]: fail });
    await clock.advance(0);
    expect(errors).toMatchObject([{ message: expect.stringContaining("no text"), cause: nameless }]);
    expect(client.status.value).toMatchObject({ state: "retrying" });
  });

  test.each([true, false])("by a handler, at once or later (%s): the next one is called", async (isLater) => {
    const { client, stream, clock, errors, heard } = await live();
    client.subscribe(inbox, {
      mention() {
        if (isLater) return Promise.reject(nameless);
        throw nameless;
      },
      onGap: () => {},
    });
    await clock.advance(0);
    stream.event(`${inbox.path}:mention`, { by: "2" }, "e.2");
    stream.event(`${inbox.path}:mention`, { by: "3" }, "e.3");
    await clock.advance(0);
    expect(heard).toEqual(["2", "3"]);
    expect(errors).toMatchObject([{ code: "handler-failed" }, { code: "handler-failed" }]);
  });
});

describe("an answer other than 200", () => {
  const answerWith = (status: number, type: string, body: object) =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": type } });

  async function followBoth(first: Response) {
    const answers = [first];
    const kit = createKit({ fetch: async (url, init) => answers.shift() ?? kit.server.fetch(url, init) });
    const closed: string[] = [];
    for (const address of [inbox, other]) {
      kit.client.subscribe(address, { onGap: () => {}, onClose: (reason) => closed.push(reason) });
    }
    // A response of the platform takes more than the turn of a virtual clock.
    for (let turn = 0; turn < 100; turn++) await kit.clock.advance(100);
    return { ...kit, closed };
  }

  test("of a proxy has no limit of channels, whatever its JSON says", async () => {
    const { server } = await followBoth(
      answerWith(429, "application/json", { message: "Too many requests", limit: 1 }),
    );
    expect(server.streams.map(({ channels }) => channels)).toEqual([[inbox.path, other.path]]);
  });

  test.each(["WAF_BLOCKED", "", 5])("is not the hub's where its problem has the code %j", async (code) => {
    const { server, closed } = await followBoth(answerWith(403, "application/problem+json", { title: "No", code }));
    expect([closed, server.streams.length]).toEqual([[], 1]);
  });

  test("is the hub's also where the content type is written in capital letters", async () => {
    const body = { code: "forbidden", channels: [inbox.path, other.path] };
    const { closed } = await followBoth(answerWith(403, "Application/Problem+JSON", body));
    expect(closed).toEqual(["forbidden", "forbidden"]);
  });
});
