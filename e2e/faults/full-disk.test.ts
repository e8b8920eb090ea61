import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startReaders } from "./raw-reader.ts";
import { startHub } from "./server-process.ts";

// Each test starts processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Sets how long a file of a running process may become; part of every Linux with util-linux. */
const PRLIMIT = "/usr/bin/prlimit";
const limitFiles = (pid: number, bytes: number | "unlimited") =>
  execFileSync(PRLIMIT, ["--pid", String(pid), `--fsize=${bytes}:`]);

// The log's own tests fill a database by a pragma, everywhere; here the file itself does not grow any more.
test.runIf(existsSync(PRLIMIT))(
  "a hub whose file cannot grow refuses to publish and says why, has everything stored that it acknowledged, streams on, and publishes again when there is room",
  async () => {
    const path = await freshFile();
    const hub = await startHub(await buildServedHub(), { path });
    const readers = await startReaders(3, hub.port);
    const acked: string[] = [];
    const publish = async (text: string) => {
      await postJson(hub.port, "/publish", { text, key: text });
      acked.push(text);
    };
    for (let number = 0; number < 10; number++) await publish(`before ${number}`);

    // Room for a little more.
    limitFiles(hub.pid, statSync(`${path}-wal`).size + 50_000);
    const refusals: string[] = [];
    for (let number = 0; number < 20; number++) {
      const text = `${number} ${"x".repeat(5_000)}`;
      await publish(text).catch((error: unknown) => refusals.push(String(error)));
    }
    expect(refusals.length).toBeGreaterThan(5);
    for (const refusal of refusals)
      expect(refusal).toMatch(/503: .*Cannot write to the log .*log\.db.*The disk failed/);

    limitFiles(hub.pid, "unlimited");
    await publish("after");
    await Promise.all(readers.map((reader) => reader.until(() => reader.texts.at(-1) === "after")));
    for (const { texts, surprises, visits } of readers) {
      expect(texts).toEqual(acked);
      expect(surprises).toEqual([]);
      expect(visits).toHaveLength(1);
    }
    expect(await storedTexts(path)).toEqual(acked);
  },
);
