import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { text as textOf } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type Keep } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createProxy } from "../e2e/tcp-proxy.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const hasRequests = spawnSync("python3", ["-c", "import requests"]).status === 0;
const script = fileURLToPath(new URL("python-client.py", import.meta.url));

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });
const tea = chat.room({ roomId: "tea" });

async function start(keep: Partial<Keep> = {}) {
  const log = memoryLog({ keep });
  // With this `random` every `retry` is the shortest, one second.
  // The ring holds almost nothing, so the hub reads the log, and the log has trimmed its old entries.
  const hub = createHub(chat, { log, authorize: () => true, random: () => 0, limits: { ringEntries: 2 } });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const proxy = await createProxy((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    await hub.close();
    server.close();
  });
  const say = async (address: typeof lobby, ...texts: readonly string[]): Promise<string> => {
    let last = "";
    for (const text of texts) ({ id: last } = await hub.publish(address, "message", { text }));
    return last;
  };
  return { log, proxy, say, url: `http://127.0.0.1:${proxy.port}/events` };
}

/** The JSON object in one line of the client's output. */
interface OutputLine {
  readonly kind: "open" | "event" | "gap" | "retry" | "clear" | "bye" | "closed";
  readonly channel?: string;
  readonly data?: { readonly text: string };
  readonly channels?: Readonly<Record<string, string>>;
}

/** Runs the client. The generator ends when the client has exited. */
async function* run(url: string, ...args: readonly string[]): AsyncGenerator<OutputLine, void> {
  const child = spawn("python3", [script, "--url", url, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const exit = once(child, "exit");
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line) as OutputLine;
  expect(await exit).toEqual([0, null]);
}

/**
 * Returns the texts of events with their channels, and the gaps, in their order. Leaves out the lines about the
 * connection.
 */
function eventsAndGaps(lines: readonly OutputLine[]): unknown[] {
  return lines.flatMap<unknown>(({ kind, channel: path, data, channels }) => {
    if (kind === "event") return `${path}: ${data?.text}`;
    return kind === "gap" ? channels : [];
  });
}

test.skipIf(!hasPython)(
  "Python: every event arrives once and in order, although the connection is cut within an event (needs python3)",
  async () => {
    const { proxy, say, url } = await start();
    const after = await say(lobby, "seen long ago");
    await say(lobby, "1", "2");
    // The response head and the hello take about 400 bytes, so the cut is within the long event.
    proxy.cutAfter(1_500);
    const lines: OutputLine[] = [];
    for await (const line of run(url, "--channel", lobby.path, "--after", after, "--max-events", "7")) {
      lines.push(line);
      if (line.data?.text === "2") await say(lobby, "3".repeat(2_000));
      if (line.kind !== "retry") continue;
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      await say(lobby, "4", "5", "6", "7");
    }
    expect(proxy.accepted).toBe(2);
    expect(eventsAndGaps(lines)).toEqual(
      ["1", "2", "3".repeat(2_000), "4", "5", "6", "7"].map((text) => `rooms/lobby: ${text}`),
    );
  },
);

test.skipIf(!hasPython)(
  "Python: a gap names its channel and comes before newer events, and nothing else is missing (needs python3)",
  async () => {
    const { log, say, url } = await start({ entries: 3 });
    const after = await say(lobby, "seen long ago");
    await say(tea, "one");
    await say(lobby, "1", "2", "3");
    await say(tea, "two");
    await say(lobby, "4", "5");
    await log.trim();
    const channels = ["--channel", lobby.path, "--channel", tea.path];
    const lines: OutputLine[] = [];
    for await (const line of run(url, ...channels, "--after", after, "--max-events", "5")) lines.push(line);
    const output = eventsAndGaps(lines);
    const gaps = output.filter((each) => typeof each === "object");
    expect(gaps).toEqual([{ "rooms/lobby": "trimmed" }]);
    expect(output.indexOf(gaps[0])).toBeLessThan(output.indexOf("rooms/lobby: 3"));
    const texts = ["rooms/tea: one", "rooms/lobby: 3", "rooms/tea: two", "rooms/lobby: 4", "rooms/lobby: 5"];
    expect(output.filter((each) => each !== gaps[0])).toEqual(texts);
  },
);

test.skipIf(!hasPython)(
  "Python: a cursor of another log leads to a gap, and the client continues from the head (needs python3)",
  async () => {
    const { say, url } = await start();
    await say(lobby, "before");
    const lines: OutputLine[] = [];
    const channels = ["--channel", lobby.path, "--channel", tea.path];
    for await (const line of run(url, ...channels, "--after", "anotherlog.41", "--max-events", "2")) {
      lines.push(line);
      if (line.kind !== "gap") continue;
      await say(lobby, "after");
      await say(tea, "after");
    }
    expect(eventsAndGaps(lines)).toEqual([
      { "rooms/lobby": "reset", "rooms/tea": "reset" },
      "rooms/lobby: after",
      "rooms/tea: after",
    ]);
  },
);

/** Characters that end a line for Python's text, and not for JSON and Server-Sent Events. */
const TORN = "é \u2028 \u2029 \u0085 \u000b \u001c 👍";

test.skipIf(!hasPython)(
  "Python: characters that end a line for Python's text are part of their event (needs python3)",
  async () => {
    const { say, url } = await start();
    const after = await say(lobby, "before");
    await say(lobby, TORN);
    const lines: OutputLine[] = [];
    const options = ["--channel", lobby.path, "--after", after, "--max-events", "1"];
    for await (const line of run(url, ...options)) lines.push(line);
    expect(eventsAndGaps(lines)).toEqual([`rooms/lobby: ${TORN}`]);
  },
);

test.skipIf(!hasRequests)(
  "requests: the lines of the decision on charset bring every character (needs python3 with requests)",
  async () => {
    const { say, url } = await start();
    const after = await say(lobby, "before");
    await say(lobby, TORN);
    const decision = readFileSync(fileURLToPath(new URL("../docs/decisions/charset.md", import.meta.url)), "utf8");
    const [, sample = ""] = /```python\n(.*?)```/su.exec(decision) ?? [];
    const address = JSON.stringify(`${url}?channel=${lobby.path}&after=${after}`);
    const asked = sample.replace("    ...\n", "    if line.startswith('data: {\"text\"'): print(line); break\n");
    const env = { ...process.env, PYTHONIOENCODING: "utf-8" };
    const child = spawn("python3", ["-c", `import requests\nurl = ${address}\n${asked}`], { env });
    onTestFinished(() => void child.kill());
    expect(await textOf(child.stdout)).toBe(`data: ${JSON.stringify({ text: TORN })}\n`);
  },
);
