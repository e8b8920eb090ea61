import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { imports, startImports, watchImport } from "./import.ts";

const LINES = ["name,price", "tea,3", "a line without a comma", "coffee,4"];

/** Starts the server on a file, until it is stopped or the test has finished. */
async function start(file: string) {
  const { hub, server, run } = startImports(0, sqliteLog(file));
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    await hub.close();
    server.close();
  };
  onTestFinished(stop);
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;
  return { hub, run, stop, url: `http://127.0.0.1:${port}/events` };
}

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-import-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "imports.db");
}

test("whoever watches an import hears what happens, and what came of it", async () => {
  const { run, url } = await start(await temporaryFile());
  const told: string[] = [];
  const watching = watchImport(url, "a", (text) => void told.push(text));
  await run("a", LINES);
  expect(await watching).toBe(3);
  expect(told.at(-1)).toBe("100 %");
});

test("whoever comes when it is over hears it at once, also from the next server, and from curl", async () => {
  const file = await temporaryFile();
  const first = await start(file);
  await first.run("a", LINES);
  await first.stop();
  const { url, hub } = await start(file);
  const told: string[] = [];
  expect(await watchImport(url, "a", (text) => void told.push(text))).toBe(3);
  expect(told).toEqual(["100 %"]);
  const late = hub.publish(imports.job({ id: "a" }), "skipped", { line: "late" });
  await expect(late).rejects.toMatchObject({ code: "ended" });

  const stream = await fetch(`${url}?channel=imports/a`);
  let text = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes("heartbeat")) break;
  }
  expect(text).toContain('\nevent: imports/a:end\ndata: {"rows":3}\n\n');
});
