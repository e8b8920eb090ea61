import { spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../e2e/tcp-proxy.ts";
import { startPlain } from "./plain-client.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

async function start() {
  const { hub, server } = startPlain(0);
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;
  const proxy = await createProxy(port);
  onTestFinished(async () => {
    await proxy.close();
    await hub.close();
    server.close();
  });
  /** Sends "greeting <first>" to "greeting <last>" directly to the server, not through the proxy. */
  const say = async (first: number, last: number): Promise<void> => {
    for (const body of greetings(first, last)) {
      const { status } = await fetch(`http://127.0.0.1:${port}/greetings`, { method: "POST", body });
      expect(status).toBe(201);
    }
  };
  return { proxy, url: `http://127.0.0.1:${proxy.port}`, say };
}

function greetings(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `greeting ${first + index}`);
}

test("the page shows every greeting once and in order, although its connection is cut in between", async () => {
  const { proxy, url, say } = await start();
  await say(1, 3);
  const page = await (await fetch(url)).text();
  const lines: string[] = [];
  const lineEvents = new EventEmitter();
  const append = (line: string): void => {
    lines.push(line.trimEnd());
    lineEvents.emit("line");
  };
  const waitFor = async (count: number): Promise<void> => {
    while (lines.length < count) await once(lineEvents, "line");
  };
  // The EventSource of a browser resolves a path against the URL of the page.
  class PageEventSource extends EventSource {
    constructor(path: string) {
      super(new URL(path, url));
      onTestFinished(() => this.close());
    }
  }
  const script = /<script>(.*)<\/script>/s.exec(page)?.[1] ?? "";
  runInNewContext(script, { EventSource: PageEventSource, document: { getElementById: () => ({ append }) } });
  await waitFor(3);
  await say(4, 5);
  await waitFor(5);

  proxy.cut();
  await say(6, 9);
  await waitFor(9);
  await say(10, 10);
  await waitFor(10);
  expect(lines).toEqual(greetings(1, 10));
});

test.skipIf(!hasCurl)("curl -N gets every greeting once and in order over two runs (needs curl)", async () => {
  const { proxy, url, say } = await start();
  await say(1, 3);
  const first = await curl([`${url}/events?channel=greetings&last=10`], 3, () => proxy.cut());
  expect(first.texts).toEqual(greetings(1, 3));
  await say(4, 6);
  const resume = ["-H", `Last-Event-ID: ${first.lastId}`, `${url}/events?channel=greetings&last=10`];
  const second = await curl(resume, 3, () => say(7, 7));
  expect(second.texts.slice(0, 3)).toEqual(greetings(4, 6));
  const third = await curl(["-H", `Last-Event-ID: ${second.lastId}`, `${url}/events?channel=greetings`], 0, () =>
    say(8, 8),
  );
  expect([...second.texts, ...third.texts]).toEqual(greetings(4, 8));
});

test("a greeting that is too long gets a 400 that says what was expected, and is not published", async () => {
  const { url } = await start();
  const response = await fetch(`${url}/greetings`, { method: "POST", body: "x".repeat(70_000) });
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringMatching(/^greetings\.greeting: expected 65536 bytes of JSON at most, got \d+; .+\.\n$/),
  ]);
  const page = await fetch(`${url}/events?channel=greetings&last=1`, { headers: { accept: "application/json" } });
  expect(await page.json()).toMatchObject({ events: [] });
});

interface Output {
  readonly texts: string[];
  readonly lastId: string;
}

/**
 * Runs curl until it has printed `count` greetings, calls `then`, and reads on until one more greeting has come or the
 * stream is cut.
 */
async function curl(args: readonly string[], count: number, then: () => unknown): Promise<Output> {
  const child = spawn("curl", ["-sN", ...args]);
  onTestFinished(() => void child.kill());
  let output: Output = { texts: [], lastId: "" };
  let text = "";
  let done = false;
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    text += String(chunk);
    output = parse(text);
    if (!done && output.lastId !== "" && output.texts.length >= count) {
      done = true;
      await then();
    }
    if (output.texts.length > count) break;
  }
  return output;
}

/** Reads the complete blocks of a stream. */
function parse(stream: string): Output {
  const blocks = stream.slice(0, stream.lastIndexOf("\n\n") + 2);
  return {
    texts: Array.from(
      blocks.matchAll(/^event: greetings:greeting\ndata: \{"text":"(.*)"\}$/gm),
      ([, text]) => text ?? "",
    ),
    lastId: Array.from(blocks.matchAll(/^id: (.+)$/gm), ([, id]) => id).at(-1) ?? "",
  };
}
