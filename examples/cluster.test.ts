import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";

/** Starts the example. Returns the URL when all its processes listen. */
async function start(workers: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-cluster-"));
  const env = { ...process.env, PORT: "0", WORKERS: String(workers), NEWS_FILE: join(folder, "news.db") };
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...options, join(import.meta.dirname, "cluster.ts")], { env });
  onTestFinished(async () => {
    // The workers end with the process that has started them.
    child.kill("SIGKILL");
    await once(child, "exit");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const lines = createInterface(child.stdout);
  let port = "";
  let listening = 0;
  for await (const line of lines) {
    port = /"port":(\d+)/.exec(line)?.[1] ?? port;
    if (/"port"/.test(line) && ++listening === workers) break;
  }
  return `http://127.0.0.1:${port}`;
}

async function readStory(url: string): Promise<string> {
  const answer = await fetch(`${url}/events?channel=news&last=1`);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk);
    if (text.includes('"title":"Hello"')) return text;
  }
  throw new Error(`Expected a story, got ${text}`);
}

test("readers of all processes get what one of them has published", async () => {
  const url = await start(2);
  const readers = Array.from({ length: 6 }, () => readStory(url));
  const published = await (await fetch(`${url}/stories`, { method: "POST" })).text();
  const pid = /published by (\d+)/.exec(published)?.[1];
  for (const text of await Promise.all(readers)) expect(text).toContain(`"by":${pid}`);
}, 60_000);
