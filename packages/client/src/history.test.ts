import { describe, expect, test } from "vitest";
import { createKit, inbox } from "../test/client-kit.ts";

describe("history", () => {
  const mention = (seq: number) => ({ channel: inbox.path, type: "mention", data: { by: `${seq}` }, id: `e.${seq}` });

  test("is a batch, and older ones are asked for by the oldest id", async () => {
    const { client, server, clock } = createKit();
    const newest = client.history(inbox, { last: 2 });
    await clock.advance(0);
    expect(server.page.url.searchParams.get("last")).toBe("2");
    server.page.page({
      cursor: "e.9",
      more: true,
      events: [mention(7), { ...mention(8), type: "novelty" }, mention(9)],
    });
    const page = await newest;
    expect(page).toMatchObject({
      cursor: "e.9",
      more: true,
      events: [{ id: "e.7", data: { by: "7" } }, { id: "e.9" }],
    });
    const older = client.history(inbox, { before: "e.7" });
    await clock.advance(0);
    expect(server.page.url.searchParams.get("before")).toBe("e.7");
    server.page.page({ cursor: "e.9", events: [mention(3)] });
    expect(await older).toMatchObject({ more: false, events: [{ id: "e.3" }] });
  });

  test.each([0, Number.NaN])(
    "of %d events is asked for as such, so that the server says what is wrong",
    async (last) => {
      const { client, server, clock } = createKit();
      const outcome = client.history(inbox, { last }).catch((error: unknown) => error);
      await clock.advance(0);
      expect(server.page.url.searchParams.get("last")).toBe(`${last}`);
      server.page.answer(400, { detail: `Expected "last" to be a whole number from 1 to 1000, got "${last}".` });
      expect(await outcome).toMatchObject({ code: "refused", message: expect.stringContaining('"last"') as string });
    },
  );

  // Those of a hub are sentences.
  test.each(["not yours", "not yours."])("that is refused because of %j says so in a StreamError", async (detail) => {
    const { client, server, clock } = createKit();
    const history = client.history(inbox);
    await clock.advance(0);
    server.page.answer(403, { code: "forbidden", detail });
    await expect(history).rejects.toMatchObject({
      name: "StreamError",
      code: "refused",
      message: "Expected an answer, got 403 forbidden: not yours.",
    });
  });

  test.each([
    ["network", (kit: ReturnType<typeof createKit>) => kit.server.page.fail()],
    ["closed", (kit: ReturnType<typeof createKit>) => kit.client.close()],
    [
      "bad-response",
      (kit: ReturnType<typeof createKit>) => kit.server.page.answer(200, {}, { "content-type": "text/html" }),
    ],
    ["timeout", (kit: ReturnType<typeof createKit>) => kit.clock.advance(15_000)],
  ] as const)("that fails with %s rejects with that code", async (code, fail) => {
    const kit = createKit();
    const failure = kit.client.history(inbox).catch((error: unknown) => error);
    await kit.clock.advance(0);
    await fail(kit);
    expect(await failure).toMatchObject({ name: "StreamError", code });
  });

  test("before what is no id rejects, rather than giving the newest", async () => {
    await expect(createKit().client.history(inbox, { before: "x" })).rejects.toThrow(
      'Expected "before" to be a cursor',
    );
  });
});
