import { describe, expect, test } from "vitest";
import { inbox, lobby, other, watch } from "../../test/client-kit.ts";
import { catchingUp, joined, mention, MENTION, MESSAGE } from "../../test/subscription-kit.ts";

describe("a gap on the stream", () => {
  test("without a snapshot is told, and delivery goes on", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    stream.gap({ [inbox.path]: "trimmed" });
    stream.event(MENTION, { by: "9" }, "e.9");
    await clock.advance(0);
    expect(reports).toEqual(["gap trimmed after e.5", "9"]);
    expect(server.streams).toHaveLength(1);
  });

  test("with a snapshot starts anew, and what comes meanwhile is not lost", async () => {
    const { reports, server, clock, stream, subscription } = await joined();
    const seen = watch(subscription.status);
    stream.gap({ [lobby.path]: "trimmed" });
    stream.event(MESSAGE, { text: "nine" }, "e.9");
    await clock.advance(500);
    server.page.page({ cursor: "e.9", state: { [lobby.path]: { messages: ["a", "nine"] } } });
    await clock.advance(0);
    stream.event(MESSAGE, { text: "ten" }, "e.10");
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["gap trimmed after e.1", "state a,nine", "ten e.10"]);
    expect(seen).toEqual(["live", "retrying: gap", "live"]);
  });

  test("long after two others ends nothing, also when the clock was set back meanwhile", async () => {
    const { reports, server, clock, stream, subscription } = await catchingUp();
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    const gap = async () => {
      stream.gap({ [inbox.path]: "trimmed" });
      await clock.advance(0);
    };
    await gap();
    await gap();
    clock.jump(-3_600_000);
    for (let minute = 0; minute < 30; minute++) {
      stream.heartbeat(`e.${minute + 6}`);
      await clock.advance(30_000);
    }
    await gap();
    expect(reports).toHaveLength(3);
    expect(subscription.status.value).toEqual({ state: "live" });
  });

  test("whose handler closes another subscription leaves that one closed", async () => {
    const { client, clock, server } = await joined();
    client.subscribe(inbox, { onGap: () => second.close() });
    const second = client.subscribe(inbox, { onGap: () => expect.unreachable("closed by the first") });
    await clock.advance(0);
    const stream = server.stream.live("e.1");
    await clock.advance(0);
    const pages = server.pages.length;
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    expect(server.pages).toHaveLength(pages);
    expect(second.status.value).toMatchObject({ state: "closed", reason: "closed" });
  });

  test("concerns only the channels that it names", async () => {
    const { reports, clock, stream } = await joined();
    stream.gap({ [inbox.path]: "trimmed" });
    stream.event(MESSAGE, { text: "x" }, "e.2");
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["x e.2"]);
  });

  test("that a page has covered already is none", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "e.9", events: [mention(8)] });
    await clock.advance(0);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    expect(server.page.after).toBe("e.9");
    server.page.page({ cursor: "e.9" });
    await clock.advance(0);
    stream.event(MENTION, { by: "8" }, "e.8");
    stream.event(MENTION, { by: "10" }, "e.10");
    await clock.advance(0);
    expect(reports).toEqual(["8", "10"]);
  });

  test("while a page is under way makes that page of no use: it may be older than the loss", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    const old = server.page;
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    expect(server.pages).toHaveLength(2);
    old.page({ cursor: "e.6", events: [mention(6)] });
    await clock.advance(0);
    expect(reports).toEqual([]);
    server.page.page({ cursor: "e.9", gap: { channels: { [inbox.path]: "trimmed" } }, events: [mention(9)] });
    await clock.advance(0);
    expect(reports).toEqual(["gap trimmed after e.1", "9"]);
  });

  test("while a page is under way that comes from a copy without the loss, is told by the next page", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    // Where the stream stood before the gap is not where it goes on.
    server.page.page({ cursor: "e.5", events: [mention(3)] });
    await clock.advance(0);
    stream.event(MENTION, { by: "9" }, "e.9");
    await clock.advance(0);
    expect(server.page.after).toBe("e.5");
    server.page.page({ cursor: "e.9", gap: { channels: { [inbox.path]: "trimmed" } }, events: [mention(9)] });
    await clock.advance(0);
    expect(reports).toEqual(["3", "gap trimmed after e.5", "9"]);
  });

  test("lies ahead of what other channels carry after it", async () => {
    const { reports, client, server, clock } = await catchingUp();
    const { page } = server;
    client.subscribe(other, { onGap: () => {} });
    await clock.advance(0);
    const stream = server.stream.live("e.5");
    await clock.advance(0);
    page.page({ cursor: "e.5" });
    await clock.advance(0);
    const loop = client.events(inbox, { after: "e.5", onGap: ({ after }) => reports.push(`loop after ${after}`) });
    await clock.advance(0);
    stream.gap({ [inbox.path]: "trimmed" });
    stream.event(`${other.path}:mention`, { by: "6" }, "e.6");
    await clock.advance(0);
    server.page.page({ cursor: "e.7" });
    await clock.advance(0);
    stream.event(MENTION, { by: "9" }, "e.9");
    await clock.advance(0);
    expect(server.page.after).toBe("e.7");
    server.page.page({ cursor: "e.9", gap: { channels: { [inbox.path]: "trimmed" } }, events: [mention(9)] });
    expect(await loop.next()).toMatchObject({ value: { id: "e.9" } });
    expect(reports).toEqual(["gap trimmed after e.5", "9", "loop after e.7"]);
  });

  test("lies ahead also after a value that has survived inside of it", async () => {
    const { client, server, clock, stream } = await joined();
    stream.gap({ [lobby.path]: "trimmed" });
    await clock.advance(0);
    client.subscribe(lobby, { snapshot: () => {} }, { after: "e.5" });
    await clock.advance(0);
    stream.event(`${lobby.path}:topic`, { text: "old" }, "e.5");
    await clock.advance(0);
    // A page of a copy that lags: it does not know the hole yet.
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    const pages = server.pages.length;
    stream.event(MESSAGE, { text: "new" }, "e.9");
    await clock.advance(0);
    expect(server.pages.slice(pages).map(({ after }) => after)).toEqual(["e.5"]);
  });

  test("lies ahead also of who comes after it", async () => {
    const { client, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    stream.gap({ [inbox.path]: "trimmed" });
    await clock.advance(0);
    const late: string[] = [];
    client.subscribe(
      inbox,
      { mention: ({ by }) => late.push(by), onGap: ({ after }) => late.push(`after ${after}`) },
      { after: "e.5" },
    );
    await clock.advance(0);
    server.page.page({ cursor: "e.5" });
    await clock.advance(0);
    stream.event(MENTION, { by: "9" }, "e.9");
    await clock.advance(0);
    server.page.page({ cursor: "e.9", gap: { channels: { [inbox.path]: "trimmed" } }, events: [mention(9)] });
    await clock.advance(0);
    expect(late).toEqual(["after e.5", "9"]);
  });

  test("that restarts a subscription does so also by a state from before the loss, told by its next page", async () => {
    const { reports, server, clock, stream } = await joined();
    stream.gap({ [lobby.path]: "trimmed" });
    await clock.advance(500);
    server.page.page({ cursor: "e.1", state: { [lobby.path]: { messages: ["a"] } } });
    await clock.advance(0);
    stream.event(MESSAGE, { text: "nine" }, "e.9");
    await clock.advance(0);
    expect(server.page.after).toBe("e.1");
    server.page.page({ cursor: "e.9", gap: { channels: { [lobby.path]: "trimmed" } } });
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["gap trimmed after e.1", "state a", "gap trimmed after e.1"]);
  });

  test.each(["reset", "lost"] as const)(
    "of a position that is void (%s) starts everything anew from the one it carries",
    async (reason) => {
      const { reports, client, server, clock, stream } = await joined();
      stream.gap({ [lobby.path]: reason }, "f.1");
      stream.end();
      await clock.advance(0);
      expect(client.status.value).toMatchObject({ state: "retrying", reason: "gap" });
      await clock.advance(500);
      server.page.page({ cursor: "f.2", state: { [lobby.path]: { messages: ["z"] } } });
      await clock.advance(0);
      expect(server.stream.after).toBe("f.1");
      const next = server.stream.live("f.1");
      next.event(MESSAGE, { text: "two" }, "f.2");
      next.event(MESSAGE, { text: "three" }, "f.3");
      await clock.advance(0);
      expect(reports.slice(1)).toEqual([`gap ${reason} after e.1`, "state z", "three f.3"]);
    },
  );

  test("of a void position is told once to who catches up, by its own page", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "f.2", gap: { channels: { [inbox.path]: "reset" } } });
    await clock.advance(0);
    stream.gap({ [inbox.path]: "reset" }, "f.2");
    await clock.advance(600);
    server.stream.live("f.2").event(MENTION, { by: "3" }, "f.3");
    await clock.advance(0);
    // Whatever page it has asked for since says nothing new.
    if (server.pages.length > 1) server.page.page({ cursor: "f.3", events: [mention(3, "f")] });
    await clock.advance(0);
    expect(reports).toEqual(["gap reset after e.1", "3"]);
  });

  test("of what only a page had brought is not missed when the stream goes on without it", async () => {
    const { reports, server, clock, stream } = await catchingUp();
    server.page.page({ cursor: "e.9", events: [mention(8)] });
    await clock.advance(0);
    // The log fell back to e.6: where the stream stands is still there, where the page stood is not.
    stream.event(MENTION, { by: "7 again" }, "f.7");
    await clock.advance(0);
    expect(server.page.after).toBe("e.9");
    server.page.page({ cursor: "f.7", gap: { channels: { [inbox.path]: "lost" } } });
    await clock.advance(0);
    expect(reports).toEqual(["8", "gap lost after e.9"]);
  });

  test("of the events that a page brought from before a failover is not missed by the stream", async () => {
    const { reports, client, server, clock } = await catchingUp();
    const { page } = server;
    client.subscribe(other, { onGap: () => {} });
    await clock.advance(0);
    const stream = server.stream.live("e.5");
    // The log fell back to e.5; the page was read before that, and is slow.
    stream.event(`${other.path}:mention`, { by: "6 again" }, "f.6");
    await clock.advance(0);
    page.page({ cursor: "e.9", events: [mention(8)] });
    await clock.advance(0);
    expect(server.page.after).toBe("e.9");
    server.page.page({ cursor: "f.6", gap: { channels: { [inbox.path]: "lost" } } });
    await clock.advance(0);
    stream.event(MENTION, { by: "7 again" }, "f.7");
    await clock.advance(0);
    expect(reports).toEqual(["8", "gap lost after e.9", "7 again"]);
  });

  test("of a position from before its beginning is not told to a newcomer", async () => {
    const { client, server, clock, stream } = await joined();
    stream.break();
    await clock.advance(0);
    const gaps: string[] = [];
    const heard: string[] = [];
    client.subscribe(inbox, { mention: ({ by }) => heard.push(by), onGap: ({ reason }) => gaps.push(reason) });
    await clock.advance(3_000);
    const second = server.stream.live(null);
    second.gap({ [lobby.path]: "reset", [inbox.path]: "reset" }, "f.7");
    second.end();
    await clock.advance(600);
    server.stream.live("f.7").event(MENTION, { by: "8" }, "f.8");
    await clock.advance(0);
    expect(gaps).toEqual([]);
    expect(heard).toEqual(["8"]);
  });

  test("again within a minute waits, and a third time ends the subscription", async () => {
    const { reports, server, clock, stream } = await joined();
    const state = { [lobby.path]: { messages: [] } };
    stream.gap({ [lobby.path]: "trimmed" });
    await clock.advance(500);
    server.page.page({ cursor: "e.2", state });
    await clock.advance(0);
    // The position of a stream that has had a gap is known with the next id.
    stream.heartbeat("e.1");
    await clock.advance(0);
    const pages = server.pages.length;
    stream.gap({ [lobby.path]: "trimmed" });
    await clock.advance(2_900);
    // It is ahead of the stream, so its own page tells.
    server.page.page({ cursor: "e.3", gap: { channels: { [lobby.path]: "trimmed" } } });
    await clock.advance(2_900);
    expect(server.pages.length).toBe(pages + 1);
    await clock.advance(200);
    server.page.page({ cursor: "e.3", state });
    stream.heartbeat("e.3");
    await clock.advance(0);
    stream.event(MESSAGE, { text: "four" }, "e.4");
    stream.gap({ [lobby.path]: "trimmed" });
    await clock.advance(0);
    expect(reports.at(-1)).toBe("closed gap-loop");
  });

  test("once an hour is no loop", async () => {
    const { reports, server, clock, stream } = await joined();
    for (let hour = 2; hour < 7; hour++) {
      stream.heartbeat(`e.${hour}`);
      stream.gap({ [lobby.path]: "trimmed" });
      await clock.advance(500);
      server.page.page({ cursor: `e.${hour}`, state: { [lobby.path]: { messages: [] } } });
      for (let beat = 0; beat < 5; beat++) {
        await clock.advance(15_000);
        stream.heartbeat(`e.${hour}`);
      }
    }
    expect(reports.filter((line) => line.startsWith("gap"))).toHaveLength(5);
    expect(reports.filter((line) => line.startsWith("closed"))).toEqual([]);
  });
});

describe("bytes that come twice", () => {
  test("are told once, also when a failover lies among them, and move no position back", async () => {
    const { reports, server, clock, stream } = await joined();
    for (let times = 0; times < 2; times++) {
      stream.event(MESSAGE, { text: "old" }, "e.2");
      stream.event(MESSAGE, { text: "new" }, "f.3");
    }
    stream.event(MESSAGE, { text: "old" }, "e.2");
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["old e.2", "new f.3"]);
    stream.bye("expired");
    await clock.advance(1_000);
    expect(server.stream.after).toBe("f.3");
  });

  test("are not an epoch that the next stream comes back to", async () => {
    const { reports, server, clock, stream } = await joined();
    stream.event(MESSAGE, { text: "elsewhere" }, "f.2");
    stream.bye("expired");
    await clock.advance(1_000);
    server.stream.live("f.2").event(MESSAGE, { text: "back" }, "e.3");
    await clock.advance(0);
    expect(reports.slice(1)).toEqual(["elsewhere f.2", "back e.3"]);
  });
});
