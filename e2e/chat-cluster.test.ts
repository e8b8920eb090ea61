import { expect, onTestFinished, test } from "vitest";
import { ChatServers } from "../apps/chat-cluster/src/chat-servers.ts";
import { Cluster } from "../apps/chat-cluster/src/cluster.ts";
import { buildChatProgram } from "./build-program.ts";
import { visit } from "./chat.ts";
import { temporaryPath } from "./temporary-folder.ts";

/** Milliseconds that a process has to start on a busy machine. */
const TO_START = { timeout: 30_000 };

/** The answer of a server to somebody without a session; null if nobody listens there. */
const statusAt = async (port = 0): Promise<number | null> =>
  fetch(`http://127.0.0.1:${port}/api/session`).then(
    ({ status }) => status,
    () => null,
  );

test("of the servers of a cluster, one that is killed is started again, and all stop together", async () => {
  const pids = new Map<number, number>();
  const log = `sqlite:${await temporaryPath("chat.db")}`;
  const servers = new ChatServers(await buildChatProgram(), { TIDINGS_LOG: log, TIDINGS_SECRET: "s" }, (port, pid) =>
    pids.set(port, pid),
  );
  onTestFinished(() => servers.stop());
  for (let count = 0; count < 2; count++) await servers.start();
  const [killed = 0, other = 0] = servers.ports;
  expect(await Promise.all([killed, other].map(statusAt))).toEqual([200, 200]);

  process.kill(pids.get(killed) ?? 0, "SIGKILL");
  await expect.poll(() => servers.ports.includes(killed), TO_START).toBe(false);
  expect(servers.ports).toEqual([other]);
  await expect.poll(() => servers.ports.length, TO_START).toBe(2);
  expect([pids.size, await statusAt(servers.ports.at(-1))]).toEqual([3, 200]);

  const running = servers.ports;
  await servers.stop();
  expect(await Promise.all(running.map(statusAt))).toEqual([null, null]);
  expect(() => process.kill(pids.get(other) ?? 0, 0)).toThrow("ESRCH");
}, 90_000);

test("a cluster starts with one call and says where its parts are: what one server takes, the other has", async () => {
  const said: string[] = [];
  const cluster = new Cluster({
    program: await buildChatProgram(),
    host: "127.0.0.1",
    port: 0,
    say: (line) => said.push(line),
  });
  let isStopped = false;
  onTestFinished(() => (isStopped ? undefined : cluster.stop()));
  const url = await cluster.start();
  const text = said.join("\n");
  expect(text).toMatch(/^PostgreSQL \d+.*: postgres:/);
  expect(text).toContain(`live at ${url},`);
  const servers = [...text.matchAll(/process (\d+), (http:\S+)/g)];
  expect(servers).toHaveLength(2);

  const ada = await visit(url, "ada");
  const posted = await ada.request("POST", "/api/rooms/lobby/messages", { text: "hi" });
  expect(posted.status).toBe(201);
  for (const [, , server] of servers) {
    const page = await fetch(`${server}/events?channel=rooms/lobby&last=1&protocol=1`, {
      headers: { cookie: ada.cookie, accept: "application/json" },
    });
    expect(await page.text()).toContain('"text":"hi"');
  }

  await cluster.stop();
  isStopped = true;
  for (const [, pid] of servers) expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
  for (const address of [url, /postgres:\S+/.exec(text)?.[0] ?? ""]) {
    await expect(fetch(`http://127.0.0.1:${new URL(address).port}`)).rejects.toThrow("fetch failed");
  }
}, 90_000);
