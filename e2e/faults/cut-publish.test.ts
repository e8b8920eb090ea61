import { expect, onTestFinished, test, vi } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { storedTexts } from "./stored-texts.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { startReaders } from "./start-readers.ts";
import { startHubProcess } from "./server-process.ts";

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test("when a server dies between append and answer, a retry with the same key repeats nothing", async () => {
  const program = await buildHubProgram();
  const path = await temporaryPath();
  let hub = await startHubProcess(program, { path });
  const proxy = await createProxy(() => hub.port);
  onTestFinished(() => proxy.close());
  const readers = await startReaders(5, proxy.port);

  const cut = Promise.allSettled([postJson(proxy.port, "/publish", { text: "cut off", key: "cut", isHeld: true })]);
  const [state, first] = (await hub.line()).split(" ");
  expect(state).toBe("held");
  await hub.kill();
  expect(await cut).toMatchObject([{ status: "rejected", reason: { code: "ECONNRESET" } }]);

  hub = await startHubProcess(program, { path });
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

test("when a server dies before the append, a retry with the same key publishes a new event", async () => {
  const program = await buildHubProgram();
  const path = await temporaryPath();
  const hub = await startHubProcess(program, { path });
  await hub.kill();
  await expect(postJson(hub.port, "/publish", { text: "too late", key: "late" })).rejects.toThrow("ECONNREFUSED");
  const { port } = await startHubProcess(program, { path });
  expect(await postJson(port, "/publish", { text: "too late", key: "late" })).toMatchObject({ duplicate: false });
  expect(await storedTexts(path)).toEqual(["too late"]);
});
