import type { Status } from "@tidings/client";
import { chat } from "@tidings-apps/chat-contract";
import { createServer } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { visit } from "../chat.ts";
import { setUpChatProcesses } from "../chat-process.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const runChat = setUpChatProcesses();

/** Starts Vite's development server, with a proxy to the chat as `apps/chat-web` has one. */
async function proxyByVite(target: string): Promise<string> {
  const vite = await createServer({
    root: await temporaryFolder(),
    configFile: false,
    logLevel: "silent",
    server: { host: "127.0.0.1", port: 0, ws: false, proxy: { "/api": { target }, "/events": { target } } },
  });
  onTestFinished(() => vite.close());
  await vite.listen();
  const [url] = vite.resolvedUrls?.local ?? [];
  if (url === undefined) throw new Error("Expected Vite to listen, got no address.");
  return new URL(url).origin;
}

/** A client behind Vite's proxy: what it shows when the server has been killed, and after how many milliseconds. */
async function killBehindVite(heartbeat: number): Promise<{ readonly shown: Status; readonly after: number }> {
  const server = runChat(await temporaryFolder(), { PORT: "0", TIDINGS_HEARTBEAT: String(heartbeat) });
  const url = await proxyByVite(await server.url());
  const client = (await visit(url, "ada")).connect();
  onTestFinished(() => client.close());
  const lobby = client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: () => {} });
  // The state of the room has come, too: the next request would be answered by the proxy.
  await expect.poll(() => lobby.status.value.state, { timeout: 10_000 }).toBe("live");
  const noticed = new Promise<Status>((resolve) => client.status.subscribe(resolve));
  const killedAt = performance.now();
  server.child.kill("SIGKILL");
  await server.exit();
  const shown = await noticed;
  return { shown, after: performance.now() - killedAt };
}

test.each([15_000, 1_000])(
  "behind Vite's proxy a killed server is noticed by silence only, with heartbeats of %d ms",
  async (heartbeat) => {
    const { shown, after } = await killBehindVite(heartbeat);
    console.log(`Heartbeats of ${heartbeat} ms: a killed server is noticed after ${Math.round(after)} ms.`);
    expect(shown).toMatchObject({ state: "retrying", reason: "timeout" });
    // 2.5 heartbeats after the last one, and that has come up to one heartbeat before.
    expect(after).toBeGreaterThan(1.4 * heartbeat);
    expect(after).toBeLessThan(2.5 * heartbeat + 2_000);
  },
  60_000,
);
