import { describe, expect, test } from "vitest";
import { inbox } from "../../test/client-kit.ts";
import { live, MENTION, untilNext } from "../../test/stream-kit.ts";

describe("what arrives", () => {
  test("is the same wherever it is cut", async () => {
    const kit = await live();
    const withLf = `event: ${MENTION}\ndata: {"by":"Zoë 🎈"}\nid: e.2\n\n`;
    const withCrLf = `event: ${MENTION}\r\ndata: {"by":"b"}\r\nid: e.3\r\n\r\n`;
    const text = `${withLf}${withCrLf}`;
    for (const byte of new TextEncoder().encode(text)) {
      kit.stream.push(Uint8Array.of(byte));
      await kit.clock.advance(0);
    }
    expect(kit.heard).toEqual(["Zoë 🎈", "b"]);
  });

  test("counts as seen only when its block is complete", async () => {
    const kit = await live();
    kit.stream.push(`event: ${MENTION}\ndata: {"by":"b"}\nid: e.2\n`);
    kit.stream.end();
    await untilNext(kit);
    expect(kit.server.stream.after).toBe("e.1");
    expect(kit.heard).toEqual([]);
  });

  test("twice is handled once", async () => {
    const kit = await live();
    for (const seq of [2, 3, 2, 3, 4]) kit.stream.event(MENTION, { by: String(seq) }, `e.${seq}`);
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["2", "3", "4"]);
  });

  test("after a failover is of another epoch, and is no repetition", async () => {
    const kit = await live();
    kit.stream.event(MENTION, { by: "a" }, "e.7");
    kit.stream.event(MENTION, { by: "b" }, "f.3");
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["a", "b"]);
  });

  test("moves the position also when it is a heartbeat, or of a type that this client does not know", async () => {
    const kit = await live();
    kit.stream.event(`${inbox.path}:novelty`, { any: 1 }, "e.2");
    kit.stream.push("event: weather\ndata: sunny\n\n");
    kit.stream.heartbeat("e.9");
    kit.stream.end();
    await untilNext(kit);
    expect(kit.server.stream.after).toBe("e.9");
    expect(kit.errors).toMatchObject([{ code: "network" }]);
  });

  test.each([
    ["data that does not fit", `{"by":5}`],
    ["no JSON", `{"by"`],
  ])("with %s goes to onError, and the stream goes on", async (_, data) => {
    const kit = await live();
    kit.stream.push(`event: ${MENTION}\ndata: ${data}\nid: e.2\n\n`);
    kit.stream.event(MENTION, { by: "b" }, "e.3");
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["b"]);
    expect(kit.errors).toMatchObject([
      { code: "invalid-data", message: expect.stringContaining("inbox.mention") as string },
    ]);
  });

  test.each(["hello", "gap", "bye", "clear"])("as a %s that makes no sense is passed over", async (name) => {
    const kit = await live();
    for (const data of ["null", "5", "{}", "{", `{"channels":7,"channel":{},"type":[]}`]) {
      kit.stream.push(`event: ${name}\ndata: ${data}\n\n`);
    }
    kit.stream.event(MENTION, { by: "b" }, "e.3");
    await kit.clock.advance(1_000);
    expect(kit.heard).toEqual(["b"]);
    expect(kit.errors).toEqual([]);
  });

  test("after the client was closed is not handled", async () => {
    const kit = await live();
    kit.client.subscribe(inbox, { mention: () => kit.client.close(), onGap: () => {} });
    await kit.clock.advance(0);
    kit.stream.push(
      `event: ${MENTION}\ndata: {"by":"a"}\nid: e.2\n\nevent: ${MENTION}\ndata: {"by":"b"}\nid: e.3\n\n` +
        "event: hello\ndata: {}\n\n",
    );
    await kit.clock.advance(0);
    expect(kit.heard).toEqual(["a"]);
    expect(kit.client.status.value).toMatchObject({ state: "closed", reason: "closed" });
  });
});
