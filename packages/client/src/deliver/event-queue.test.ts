import { describe, expect, test } from "vitest";
import { createKit, inbox, lobby, watch } from "../../test/client-kit.ts";
import type { EventsOptions } from "../index.ts";

const MENTION = `${inbox.path}:mention`;

async function iterate(options: EventsOptions = {}) {
  const kit = createKit();
  const events = kit.client.events(inbox, options);
  await kit.clock.advance(0);
  const stream = kit.server.stream.live("e.0");
  await kit.clock.advance(0);
  const publish = async (...seqs: number[]) => {
    for (const seq of seqs) stream.event(MENTION, { by: `${seq}` }, `e.${seq}`);
    await kit.clock.advance(0);
  };
  return { ...kit, events, stream, publish };
}

const mention = (seq: number) => ({ channel: inbox.path, type: "mention", data: { by: `${seq}` }, id: `e.${seq}` });

async function take(
  events: AsyncIterator<{ readonly id: string | null }, string>,
  count: number,
): Promise<(string | null)[]> {
  const taken: (string | null)[] = [];
  while (taken.length < count) {
    const { done, value } = await events.next();
    taken.push(done === true ? value : value.id);
  }
  return taken;
}

test("a loop gets the events in order, and those that came before it was read", async () => {
  const { events, publish } = await iterate();
  await publish(1, 2);
  const taken = take(events, 3);
  await publish(3);
  expect(await taken).toEqual(["e.1", "e.2", "e.3"]);
});

test("a loop whose capacity is no number is not deaf", async () => {
  const { events, publish } = await iterate({ capacity: Number.NaN });
  await publish(1, 2);
  expect(await take(events, 2)).toEqual(["e.1", "e.2"]);
});

test("every pending next() is settled when the client closes, with the reason", async () => {
  const { client, events } = await iterate();
  const pending = [events.next(), events.next(), events.next()];
  client.close();
  expect(await Promise.all(pending)).toEqual([1, 2, 3].map(() => ({ done: true, value: "closed" })));
});

test("what has arrived is drained before the loop is done, when the server ends it", async () => {
  const { events, publish, stream, clock } = await iterate();
  await publish(1, 2);
  stream.bye("forbidden", [inbox.path]);
  await clock.advance(0);
  expect(await take(events, 4)).toEqual(["e.1", "e.2", "forbidden", "forbidden"]);
});

test("when the client closes, the loop gets nothing more, and no gap is told or thrown", async () => {
  for (const onGap of [undefined, () => expect.unreachable("closed")]) {
    const { client, events, publish, stream, clock } = await iterate(onGap && { onGap });
    await publish(1);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    client.close();
    expect(await take(events, 2)).toEqual(["closed", "closed"]);
  }
});

describe("a loop that is slower than a server whose events are not readable", () => {
  const slow = async () => {
    const gaps: (string | null)[] = [];
    const kit = await iterate({ capacity: 3, onGap: ({ after }) => gaps.push(after) });
    const say = async (seq: number, data: unknown) => {
      kit.stream.event(MENTION, data, `e.${seq}`);
      await kit.clock.advance(0);
    };
    return { ...kit, gaps, say };
  };

  test("has no more events than its capacity: what is more comes by pages, each event once", async () => {
    const { events, gaps, say, server } = await slow();
    const data = (seq: number) => (seq % 2 === 0 ? { by: "ada" } : 5);
    const all = Array.from({ length: 20 }, (_, index) => ({ ...mention(index + 1), data: data(index + 1) }));
    server.onRequest = (request) => {
      const rest = all.slice(Number(request.after?.split(".")[1]));
      request.page({ cursor: rest[5]?.id ?? "e.20", events: rest.slice(0, 6), more: rest.length > 6 });
    };
    for (let seq = 1; seq <= 20; seq++) await say(seq, data(seq));
    expect(await take(events, 10)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map((seq) => `e.${seq}`));
    expect(server.pages.length).toBeGreaterThan(0);
    expect(gaps).toEqual(["e.0", ...[2, 4, 6, 8, 10, 12, 14, 16, 18].map((seq) => `e.${seq}`)]);
  });

  test("has no more events than its capacity where others are too large, either", async () => {
    const { events, stream, clock, server } = await iterate({ capacity: 3, onGap: () => {} });
    for (let seq = 1; seq <= 20; seq++) {
      const by = seq % 2 === 0 ? "ada" : "x".repeat(2 ** 20);
      stream.event(MENTION, { by }, `e.${seq}`);
      await clock.advance(0);
    }
    expect(await take(events, 1)).toEqual(["e.2"]);
    const rest = take(events, 1);
    await clock.advance(0);
    server.page.page({ cursor: "e.20", events: [mention(20)] });
    await clock.advance(0);
    expect([server.page.after, await rest]).toEqual(["e.3", ["e.20"]]);
  });

  test("is told one gap, too, where nothing but other gaps lies between two", async () => {
    const { events, gaps, say } = await slow();
    await say(1, { by: "ada" });
    for (let seq = 2; seq < 20; seq++) await say(seq, seq % 2 === 0 ? 5 : { by: "x".repeat(2 ** 20) });
    await say(20, { by: "ada" });
    expect(await take(events, 2)).toEqual(["e.1", "e.20"]);
    expect(gaps).toEqual(["e.1"]);
  });

  test("is told one gap where nothing lies between two", async () => {
    const { events, gaps, say } = await slow();
    await say(1, { by: "ada" });
    for (let seq = 2; seq < 100; seq++) await say(seq, 5);
    await say(100, { by: "ada" });
    expect(await take(events, 2)).toEqual(["e.1", "e.100"]);
    expect(gaps).toEqual(["e.1"]);
  });
});

test("break ends the subscription; what waits for it is settled, and nothing more is kept", async () => {
  const { events, publish, server, clock } = await iterate();
  await publish(1, 2);
  for await (const { id } of events) {
    expect(id).toBe("e.1");
    break;
  }
  expect(await events.next()).toEqual({ done: true, value: "closed" });
  await clock.advance(1_000);
  expect(server.stream.aborted).toBe(true);
});

test("a client that is closed gives loops that are over", async () => {
  const { client, clock } = await iterate();
  client.close();
  const next = client.events(inbox).next();
  await clock.advance(0);
  expect(await next).toEqual({ done: true, value: "closed" });
});

describe("a loop over a channel with current values that goes on after a gap", () => {
  const topic = { channel: lobby.path, type: "topic", data: { text: "tea" } };
  const message = (id: string) => ({ channel: lobby.path, type: "message", data: { text: "meanwhile" }, id });

  const loop = async () => {
    const kit = createKit();
    const reports: string[] = [];
    const events = kit.client.events(lobby, {
      capacity: 1,
      onGap: ({ reason, after }) => reports.push(`${reason} ${after}`),
    });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    kit.server.page.page({ cursor: "e.1" });
    await kit.clock.advance(0);
    return { ...kit, events, reports, stream };
  };

  test("gets these again where retention has dropped events, and what is left: each of them once", async () => {
    const { server, clock, events, reports, stream } = await loop();
    stream.gap({ [lobby.path]: "trimmed" });
    stream.event(`${lobby.path}:message`, { text: "meanwhile" }, "e.9");
    await clock.advance(1_000);
    expect(server.page.channels).toEqual([`${lobby.path}@e.1`]);
    const gap = { channels: { [lobby.path]: "trimmed" as const } };
    server.page.page({ cursor: "e.9", gap, events: [topic, message("e.8"), message("e.9")] });
    await clock.advance(0);
    expect(await take(events, 2)).toEqual([null, "e.8"]);
    expect(reports).toEqual(["trimmed e.1"]);
    await clock.advance(0);
    expect([server.page.channels, server.page.after]).toEqual([[lobby.path], "e.8"]);
  });

  test("begins where the gap ended when its position is void, and so misses nothing until the page comes", async () => {
    const { server, clock, events, reports, stream } = await loop();
    stream.gap({ [lobby.path]: "reset" }, "f.7");
    await clock.advance(1_000);
    expect(server.page.channels).toEqual([`${lobby.path}@f.7`]);
    server.page.page({ cursor: "f.8", events: [topic, message("f.8")] });
    await clock.advance(0);
    expect(await take(events, 2)).toEqual([null, "f.8"]);
    expect(reports).toEqual(["reset e.1"]);
  });

  test("does so also when it hears of the gap by a page", async () => {
    const { server, clock, events, reports, stream } = await loop();
    for (const seq of [2, 3]) stream.event(`${lobby.path}:message`, { text: `${seq}` }, `e.${seq}`);
    await clock.advance(0);
    expect(await take(events, 1)).toEqual(["e.2"]);
    await clock.advance(0);
    const gap = { channels: { [lobby.path]: "reset" as const } };
    server.page.page({ cursor: "f.7", gap, events: [] });
    await clock.advance(1_000);
    expect(server.page.channels).toEqual([`${lobby.path}@f.7`]);
    expect(reports).toEqual([]);
    server.page.page({ cursor: "f.8", events: [topic, message("f.8")] });
    await clock.advance(0);
    expect(await take(events, 1)).toEqual([null]);
    expect(reports).toEqual(["reset e.2"]);
  });
});

describe("a slow loop", () => {
  test("leaves the stream when its capacity is full, and comes back by pages without a hole", async () => {
    const { events, publish, server, clock, client } = await iterate({ capacity: 2 });
    const seen = watch(client.status);
    await publish(1, 2, 3, 4, 5);
    expect(server.pages).toHaveLength(0);
    expect(await take(events, 2)).toEqual(["e.1", "e.2"]);
    await clock.settle();
    expect(server.page.after).toBe("e.2");
    server.page.page({ cursor: "e.5", events: [mention(3), mention(4), mention(5)] });
    await clock.advance(0);
    // The page has more than the loop has room for.
    expect(await take(events, 2)).toEqual(["e.3", "e.4"]);
    await clock.settle();
    expect(server.page.after).toBe("e.4");
    server.page.page({ cursor: "e.5", events: [mention(5)] });
    await clock.advance(0);
    await publish(6);
    expect(await take(events, 2)).toEqual(["e.5", "e.6"]);
    expect(seen).toEqual(["live"]);
    expect(server.streams).toHaveLength(1);
  });

  test("does not join again by a page that lags behind what the stream has carried past it", async () => {
    const { events, publish, server, clock } = await iterate({ capacity: 1 });
    await publish(1, 2);
    expect(await take(events, 1)).toEqual(["e.1"]);
    await clock.settle();
    server.page.page({ cursor: "e.1" });
    await clock.advance(0);
    await publish(3);
    await clock.advance(3_000);
    expect(server.pages).toHaveLength(2);
    server.page.page({ cursor: "e.3", events: [mention(2), mention(3)] });
    await clock.advance(0);
    expect(await take(events, 1)).toEqual(["e.2"]);
  });

  test("holds up nobody else on the same channel", async () => {
    const { client, publish } = await iterate({ capacity: 1 });
    const heard: string[] = [];
    client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap: () => {} });
    await publish(1, 2, 3);
    expect(heard).toEqual(["1", "2", "3"]);
  });

  test("asks from where it stood, not from the last event of its own quiet channel", async () => {
    const { events, publish, stream, server, clock } = await iterate({ capacity: 1 });
    await publish(1);
    stream.heartbeat("e.900");
    await publish(901);
    expect(await take(events, 1)).toEqual(["e.1"]);
    await clock.advance(0);
    expect(server.page.after).toBe("e.900");
  });

  test("gets what it is owed also when a page has more volatile events than it has room for", async () => {
    const kit = createKit();
    const events = kit.client.events(lobby, { capacity: 1 });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    kit.server.page.page({ cursor: "e.1" });
    await kit.clock.advance(0);
    for (const seq of [2, 3]) stream.event(`${lobby.path}:message`, { text: `${seq}` }, `e.${seq}`);
    await kit.clock.advance(0);
    expect(await take(events, 1)).toEqual(["e.2"]);
    await kit.clock.settle();
    const typing = (author: string) => ({ channel: lobby.path, type: "typing", data: { author } });
    const message = { channel: lobby.path, type: "message", data: { text: "3" }, id: "e.3" };
    kit.server.page.page({ cursor: "e.3", events: [typing("a"), typing("b"), message] });
    await kit.clock.advance(0);
    // Were the hint what is left, its reader would ask again from the second event, and get the same page.
    expect(await take(events, 1)).toEqual(["e.3"]);
  });

  test("loses volatile events, and is not made to leave the stream by them", async () => {
    const kit = createKit();
    const events = kit.client.events(lobby, { capacity: 1 });
    await kit.clock.advance(0);
    const stream = kit.server.stream.live("e.1");
    kit.server.page.page({ cursor: "e.1" });
    await kit.clock.advance(0);
    for (const author of ["a", "b"]) stream.event(`${lobby.path}:typing`, { author });
    await kit.clock.advance(0);
    expect(await events.next()).toMatchObject({ value: { type: "typing", data: { author: "a" }, id: null } });
    stream.event(`${lobby.path}:message`, { text: "x" }, "e.2");
    await kit.clock.advance(0);
    expect(await take(events, 1)).toEqual(["e.2"]);
    expect(kit.server.pages).toHaveLength(1);
  });

  test("gets every current value, which cannot be asked for again", async () => {
    const kit = createKit();
    const events = kit.client.events(lobby, { capacity: 1 });
    await kit.clock.advance(0);
    const topic = (text: string) => ({ channel: lobby.path, type: "topic", data: { text } });
    kit.server.page.page({ cursor: "e.1", events: [topic("a"), topic("b"), topic("c")] });
    await kit.clock.advance(0);
    expect(await take(events, 3)).toEqual([null, null, null]);
  });
});

describe("a gap", () => {
  test("without onGap is thrown once, after what came before it; then the loop is over", async () => {
    const { events, publish, stream } = await iterate();
    await publish(1);
    stream.gap({ [inbox.path]: "trimmed" });
    await publish(9);
    expect(await take(events, 1)).toEqual(["e.1"]);
    await expect(events.next()).rejects.toMatchObject({
      code: "gap",
      message: expect.stringContaining("got a gap after e.1 (trimmed)") as string,
    });
    expect(await events.next()).toEqual({ done: true, value: "closed" });
  });

  test("without onGap is thrown to the first who waits; the others are done", async () => {
    const { events, stream } = await iterate();
    const pending = [events.next(), events.next()];
    stream.gap({ [inbox.path]: "trimmed" });
    await expect(pending[0]).rejects.toMatchObject({ code: "gap" });
    expect(await pending[1]).toEqual({ done: true, value: "closed" });
  });

  test("with onGap is told at its place among the events, and the loop goes on", async () => {
    const reports: string[] = [];
    const { events, publish, stream } = await iterate({ onGap: ({ reason }) => reports.push(reason) });
    await publish(1);
    stream.gap({ [inbox.path]: "trimmed" });
    await publish(9);
    expect(reports).toEqual([]);
    expect(await take(events, 1)).toEqual(["e.1"]);
    expect(reports).toEqual([]);
    expect(await take(events, 1)).toEqual(["e.9"]);
    expect(reports).toEqual(["trimmed"]);
  });

  test("is told at once to a loop that waits", async () => {
    const reports: string[] = [];
    const { events, publish, stream, clock } = await iterate({ onGap: ({ reason }) => reports.push(reason) });
    const next = take(events, 1);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.settle();
    expect(reports).toEqual(["trimmed"]);
    await publish(9);
    expect(await next).toEqual(["e.9"]);
  });

  test("is told once, also when the loop is full just then", async () => {
    const { events, publish, stream, server, clock } = await iterate({ capacity: 1, onGap: () => {} });
    await publish(1);
    stream.gap({ [inbox.path]: "trimmed" });
    await publish(9, 10);
    expect(await take(events, 2)).toEqual(["e.1", "e.9"]);
    await clock.settle();
    expect(server.page.after).toBe("e.9");
  });

  test("whose onGap throws goes to onError, and the loop goes on", async () => {
    const { events, publish, stream, errors } = await iterate({
      onGap: () => {
        throw new Error("mine");
      },
    });
    stream.gap({ [inbox.path]: "trimmed" });
    await publish(9);
    expect(await take(events, 1)).toEqual(["e.9"]);
    expect(errors).toMatchObject([{ code: "handler-failed" }]);
  });
});
