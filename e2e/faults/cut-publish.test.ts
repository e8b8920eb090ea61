import { expect, onTestFinished, test, vi } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startReaders } from "./readers.ts";
import { startHub } from "./server-process.ts";

// Each test starts processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("a publish whose server dies between the append and the answer fails; the same key again answers the first event, which every reader has once", async () => {
  const program = await buildServedHub();
  const path = await freshFile();
  let hub = await startHub(program, { path });
  const proxy = await createProxy(() => hub.port);
  onTestFinished(() => proxy.close());
  const readers = await startReaders(5, proxy.port);

  const cut = Promise.allSettled([postJson(proxy.port, "/publish", { text: "cut off", key: "cut", isHeld: true })]);
  const [word, first] = (await hub.line()).split(" ");
  expect(word).toBe("held");
  await hub.kill();
  expect(await cut).toMatchObject([{ status: "rejected", reason: { code: "ECONNRESET" } }]);

  hub = await startHub(program, { path });
  const again = await postJson(proxy.port, "/publish", { text: "cut off", key: "cut" });
  expect(again).toEqual({ id: first, duplicate: true });
  await postJson(proxy.port, "/publish", { text: "the end", key: "end" });
  await Promise.all(readers.map((reader) => reader.until(() => reader.texts.at(-1) === "the end")));
  for (const { texts, surprises } of readers) {
    expect(texts).toEqual(["cut off", "the end"]);
    expect(surprises).toEqual([]);
  }
  expect(await storedTexts(path)).toEqual(["cut off", "the end"]);
});

test("a publish whose server dies before the append leaves nothing behind; the same key again is a first event", async () => {
  const program = await buildServedHub();
  const path = await freshFile();
  const hub = await startHub(program, { path });
  await hub.kill();
  await expect(postJson(hub.port, "/publish", { text: "too late", key: "late" })).rejects.toThrow("ECONNREFUSED");
  const { port } = await startHub(program, { path });
  expect(await postJson(port, "/publish", { text: "too late", key: "late" })).toMatchObject({ duplicate: false });
  expect(await storedTexts(path)).toEqual(["too late"]);
});
