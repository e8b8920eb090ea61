import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type Keep } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { createProxy } from "../e2e/tcp-proxy.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const script = fileURLToPath(new URL("python-client.py", import.meta.url));

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });
const tea = chat.room({ roomId: "tea" });

async function start(keep: Partial<Keep> = {}) {
  const log = memoryLog({ keep });
  // Without chance every `retry` is the shortest, a second.
  // With next to nothing at hand, the hub asks the log, and the log has forgotten.
  const hub = createHub(chat, { log, authorize: () => true, random: () => 0, limits: { ringEntries: 2 } });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
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

/** What the client prints, one of these a line. */
interface Line {
  readonly kind: "open" | "event" | "gap" | "retry" | "clear" | "bye" | "closed";
  readonly channel?: string;
  readonly data?: { readonly text: string };
  readonly channels?: Readonly<Record<string, string>>;
}

/** Runs the client. The generator ends when the client has exited. */
async function* run(url: string, ...args: readonly string[]): AsyncGenerator<Line, void> {
  const child = spawn("python3", [script, "--url", url, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const exit = once(child, "exit");
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line) as Line;
  expect(await exit).toEqual([0, null]);
}

/** Texts of events by channel, and gaps, in the order they came; how the connection fared is left out. */
function story(lines: readonly Line[]): unknown[] {
  return lines.flatMap<unknown>(({ kind, channel: path, data, channels }) =>
    kind === "event" ? `${path}: ${data?.text}` : kind === "gap" ? channels : [],
  );
}

test.skipIf(!hasPython)(
  "Python: every event arrives once and in order, although the connection is cut within one (needs python3)",
  async () => {
    const { proxy, say, url } = await start();
    const after = await say(lobby, "seen long ago");
    await say(lobby, "1", "2");
    // The head and the hello are some 400 bytes: what is cut is the long event.
    proxy.cutAfter(1_500);
    const lines: Line[] = [];
    for await (const line of run(url, "--channel", lobby.path, "--after", after, "--max-events", "7")) {
      lines.push(line);
      if (line.data?.text === "2") await say(lobby, "3".repeat(2_000));
      if (line.kind !== "retry") continue;
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      await say(lobby, "4", "5", "6", "7");
    }
    expect(proxy.accepted).toBe(2);
    expect(story(lines)).toEqual(
      ["1", "2", "3".repeat(2_000), "4", "5", "6", "7"].map((text) => `rooms/lobby: ${text}`),
    );
  },
);

test.skipIf(!hasPython)(
  "Python: a gap names the channel that has it before anything newer, and nothing else is missing (needs python3)",
  async () => {
    const { log, say, url } = await start({ entries: 3 });
    const after = await say(lobby, "seen long ago");
    await say(tea, "one");
    await say(lobby, "1", "2", "3");
    await say(tea, "two");
    await say(lobby, "4", "5");
    await log.trim();
    const channels = ["--channel", lobby.path, "--channel", tea.path];
    const lines: Line[] = [];
    for await (const line of run(url, ...channels, "--after", after, "--max-events", "5")) lines.push(line);
    const told = story(lines);
    const gaps = told.filter((each) => typeof each === "object");
    expect(gaps).toEqual([{ "rooms/lobby": "trimmed" }]);
    expect(told.indexOf(gaps[0])).toBeLessThan(told.indexOf("rooms/lobby: 3"));
    const texts = ["rooms/tea: one", "rooms/lobby: 3", "rooms/tea: two", "rooms/lobby: 4", "rooms/lobby: 5"];
    expect(told.filter((each) => each !== gaps[0])).toEqual(texts);
  },
);

test.skipIf(!hasPython)(
  "Python: a position of another log is a gap, and the client goes on from the head (needs python3)",
  async () => {
    const { say, url } = await start();
    await say(lobby, "before");
    const lines: Line[] = [];
    const channels = ["--channel", lobby.path, "--channel", tea.path];
    for await (const line of run(url, ...channels, "--after", "anotherlog.41", "--max-events", "2")) {
      lines.push(line);
      if (line.kind !== "gap") continue;
      await say(lobby, "after");
      await say(tea, "after");
    }
    expect(story(lines)).toEqual([
      { "rooms/lobby": "reset", "rooms/tea": "reset" },
      "rooms/lobby: after",
      "rooms/tea: after",
    ]);
  },
);
