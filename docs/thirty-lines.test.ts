import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { killWithTest } from "../e2e/kill-with-test.ts";
import { freePort } from "../packages/log/test/node/server-process.ts";
import { fragments } from "./fragments.ts";

test("the thirty lines of README.md run: the client prints what the server publishes", async () => {
  const cache = join(import.meta.dirname, ".cache");
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "thirty-lines-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const files = fragments.filter(({ document }) => document === "README.md").map(({ code }) => code);
  for (const code of files) {
    const [, name = ""] = /^\/\/ (\w+\.ts)/.exec(code) ?? [];
    await writeFile(join(folder, name), code.replace("3000", `${port}`));
  }
  const run = (file: string) => {
    const nodeArguments = ["--import", "tsx", "--conditions=@tidings/source", file];
    const child = spawn(process.execPath, nodeArguments, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    killWithTest(child);
    return child;
  };
  run("server.ts");
  const answer = () => fetch(`http://127.0.0.1:${port}/events?channel=rooms/lobby`, { method: "HEAD" });
  await expect
    .poll(
      () =>
        answer()
          .then(({ status }) => status)
          .catch(() => 0),
      { timeout: 15_000 },
    )
    .toBe(200);
  const client = run("client.ts");
  const [printed] = (await once(client.stdout, "data")) as [Buffer];
  expect(printed.toString()).toMatch(/^ada: hi\n/);
  expect(files).toHaveLength(3);
});
