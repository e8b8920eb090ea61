import type { PageBody } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { createKit, inbox, type ClientKit } from "../../test/client-kit.ts";
import { mention } from "../../test/subscription-kit.ts";
import type { FakeRequest } from "../../test/fake-server.ts";

/** Answers, but not for ever: a client that asks without a pause would never let the clock go on. */
function answerAtMost(kit: ClientKit, most: number, answer: (request: FakeRequest) => void): void {
  kit.server.onRequest = (request) => {
    if (kit.server.requests.length <= most) answer(request);
  };
}

describe("an answer that names channels is tried again without a pause only where it refuses them", () => {
  test.each([408, 429, 500, 502, 503])("%s waits as long as the server asks for", async (status) => {
    const kit = createKit();
    answerAtMost(kit, 100, (request) => request.answer(status, { channels: [inbox.path] }, { "retry-after": "60" }));
    const subscription = kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(59_000);
    expect(kit.server.requests).toHaveLength(1);
    expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    await kit.clock.advance(5_000);
    expect(kit.server.requests).toHaveLength(2);
  });

  test.each([400, 401, 403, 404, 410, 413])("%s is not asked again for long", async (status) => {
    const kit = createKit();
    answerAtMost(kit, 100, (request) => request.answer(status, { channels: [inbox.path] }));
    kit.client.subscribe(inbox, { onGap: () => {} });
    await kit.clock.advance(50_000);
    expect(kit.server.requests.length).toBeLessThanOrEqual(2);
  });
});

describe("pages that bring a subscription no further are failed attempts, with growing pauses", () => {
  const cursors: [string, (count: number) => string][] = [
    ["the same cursor", () => "e.1"],
    ["two epochs in turn", (count) => (count % 2 === 0 ? "e.3" : "f.3")],
    ["an epoch of its own each time", (count) => `f${count}.3`],
  ];
  for (const [name, cursor] of cursors) {
    test.each([true, false])(`${name}, with more: %s`, async (more) => {
      const kit = createKit();
      answerAtMost(kit, 200, (request) => {
        if (request.isStream) request.live("g.9");
        else request.page({ cursor: cursor(kit.server.pages.length), more });
      });
      kit.client.subscribe(inbox, { onGap: () => {} }, { after: "e.1" });
      await kit.clock.advance(0);
      expect(kit.server.pages.length).toBeLessThanOrEqual(2);
      await kit.clock.advance(300_000);
      expect(kit.server.pages.length).toBeLessThanOrEqual(30);
    });
  }

  test.each([
    ["empty, with a cursor that moves on", () => []],
    ["of an epoch of its own each time, with an event", (epoch: string) => [mention(3, epoch)]],
  ])("however many there are: %s", async (name, events) => {
    const kit = createKit();
    const isEmpty = name.startsWith("empty");
    answerAtMost(kit, 5_000, (request) => {
      const { length } = kit.server.pages;
      const epoch = isEmpty ? "e" : `f${length}`;
      if (request.isStream) request.live("g.9");
      else request.page({ cursor: isEmpty ? `e.${length + 1}` : `${epoch}.3`, more: true, events: events(epoch) });
    });
    const subscription = kit.client.subscribe(inbox, { onGap: () => {} }, { after: "e.1" });
    await kit.clock.advance(1_000);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    expect(kit.server.pages.length).toBeLessThanOrEqual(101);
    await kit.clock.advance(9_000);
    expect(kit.server.pages.length).toBeLessThanOrEqual(400);
  });

  const nobody = { channel: "x", type: "y", data: 0 };
  const noProgress: [string, (id: string) => Partial<PageBody>][] = [
    ["events of nobody", (id: string) => ({ events: [{ ...nobody, id }] })],
    ["an event that is known", () => ({ events: [mention(1)] })],
    ["a gap of nobody", () => ({ gap: { channels: { x: "trimmed" } } })],
  ];
  test.each(noProgress)("however far they go, with nothing but %s", async (_, members) => {
    const kit = createKit();
    answerAtMost(kit, 5_000, (request) => {
      const cursor = `e.${kit.server.pages.length + 1}`;
      if (request.isStream) request.live("g.9");
      else request.page({ cursor, more: true, ...members(cursor) });
    });
    const subscription = kit.client.subscribe(inbox, { onGap: () => {} }, { after: "e.1" });
    await kit.clock.advance(1_000);
    expect(subscription.status.value).toMatchObject({ state: "retrying", reason: "unavailable" });
    expect(kit.server.pages.length).toBeLessThanOrEqual(101);
  });

  test("a page of another epoch that has events is followed by the next at once", async () => {
    const kit = createKit();
    kit.client.subscribe(inbox, { onGap: () => {} }, { after: "e.1" });
    await kit.clock.advance(0);
    const event = { channel: inbox.path, type: "mention", data: { by: "bob" }, id: "f.3" };
    kit.server.page.page({ cursor: "f.3", more: true, events: [event] });
    await kit.clock.advance(0);
    expect(kit.server.pages).toHaveLength(2);
    expect(kit.server.page.after).toBe("f.3");
  });
});

test("empty pages with more behind them are followed with few pauses: something hidden was passed over", async () => {
  const kit = createKit();
  kit.server.onRequest = (request) => {
    if (request.isStream) request.live("e.250");
    else request.page({ cursor: `e.${kit.server.pages.length}`, more: kit.server.pages.length < 250 });
  };
  const subscription = kit.client.subscribe(inbox, { onGap: () => {} }, { after: "e.0" });
  await kit.clock.advance(30_000);
  expect(subscription.status.value).toEqual({ state: "live" });
});
