import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { setUpChatProcesses } from "./chat-process.ts";
import { visit } from "./chat.ts";
import { listen } from "./listen.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const runChat = setUpChatProcesses();

/** Runs the server in an empty folder. */
const run = async (variables: Record<string, string>) => runChat(await temporaryFolder(), variables);

test.for(["SIGTERM", "SIGINT"] as const)(
  "%s says bye on every stream, and the process ends within a second and frees the port",
  async (signal) => {
    const chat = await run({ PORT: "0" });
    const url = await chat.url();
    expect(chat.lines.out).toEqual([`Tidings chat is live at ${url}`]);
    const ada = await visit(url, "ada");
    const stream = await ada.request("GET", "/events?channel=rooms/lobby");
    const begun = performance.now();
    chat.child.kill(signal);
    expect(await chat.exit()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(await stream.text()).toMatch(/event: bye\ndata: \{"reason":"draining"\}\n/);
    await expect(fetch(url)).rejects.toThrow("fetch failed");
    expect(chat.lines.err).toEqual([]);
  },
);

test("a port that is in use gives one clear sentence and exit code 1", async () => {
  const { port, close } = await listen(createServer());
  const chat = await run({ PORT: String(port) });
  expect(await chat.exit()).toBe(1);
  close();
  expect(chat.lines.err).toEqual([
    `Port ${port} of 127.0.0.1 is taken by another program; stop that one, or set PORT to a free one.`,
  ]);
  expect(chat.lines.out).toEqual([]);
});

test.for(["abc", "65536"])("PORT=%s gives one clear sentence and exit code 1", async (port) => {
  const chat = await run({ PORT: port });
  expect(await chat.exit()).toBe(1);
  expect(chat.lines.err).toEqual([`PORT must be a whole number from 0 to 65535, not "${port}".`]);
});

test("rows, events and the secret are in one folder, and only its owner may read the secret", async () => {
  const folder = await temporaryFolder();
  const chat = runChat(folder, { PORT: "0", TIDINGS_DB: "kept/here/rooms.db" });
  await chat.url();
  expect((await readdir(join(folder, "kept", "here"))).filter((file) => !/-(wal|shm|head)$/.test(file))).toEqual([
    "chat.secret",
    "rooms.db",
  ]);
  const secret = join(folder, "kept", "here", "chat.secret");
  expect((await readFile(secret, "utf8")).length).toBeGreaterThan(40);
  if (process.platform !== "win32") expect((await stat(secret)).mode & 0o777).toBe(0o600);
});

test.for(["mysql://db/app", "sqlite:", "data/chat.db"])("TIDINGS_LOG=%s gives one clear sentence", async (setting) => {
  const chat = await run({ PORT: "0", TIDINGS_LOG: setting });
  expect(await chat.exit()).toBe(1);
  expect(chat.lines.err).toEqual([
    expect.stringMatching(
      /^The chat cannot start: TIDINGS_LOG must be postgres:.*, redis:.*, sqlite:.* or memory.+\.$/,
    ),
  ]);
});

test.for(["postgres://127.0.0.1:1/chat", "redis://127.0.0.1:1"])(
  "a chat whose %s cannot be reached says so in one sentence, and ends",
  async (setting) => {
    const chat = await run({ PORT: "0", TIDINGS_LOG: setting });
    expect(await chat.exit()).toBe(1);
    expect(chat.lines.err).toEqual([expect.stringMatching(/^The chat cannot start: .*ECONNREFUSED.*\.$/)]);
  },
);

/** The status of a request that a browser sends for a name that somebody has let point to this machine. */
async function statusFor(port: string, host: string): Promise<number | undefined> {
  const request = get({ port, path: "/api/session", headers: { host } });
  // Node's answer to a request: one argument, the message.
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test("the server answers to the names of this machine, and to those in HOSTS", async () => {
  const plain = new URL(await (await run({ PORT: "0" })).url()).port;
  expect(await statusFor(plain, `localhost:${plain}`)).toBe(200);
  expect(await statusFor(plain, "rebound.example")).toBe(421);
  const told = new URL(await (await run({ PORT: "0", HOSTS: "chat.example, other.example:80" })).url()).port;
  for (const host of ["localhost", "chat.example:8443", "other.example"]) expect(await statusFor(told, host)).toBe(200);
  expect(await statusFor(told, "rebound.example")).toBe(421);
});

test("a secret from the environment is not written to a file", async () => {
  const folder = await temporaryFolder();
  const chat = runChat(folder, { PORT: "0", TIDINGS_SECRET: "given" });
  await chat.url();
  expect((await readdir(join(folder, "data"))).includes("chat.secret")).toBe(false);
});

test("a file that is no database, or cannot be opened, gives one clear sentence and exit code 1", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "letter.txt"), "Dear Ada,\n".repeat(1_000));
  await mkdir(join(folder, "drawer"));
  for (const file of ["letter.txt", "drawer"]) {
    const chat = runChat(folder, { PORT: "0", TIDINGS_DB: file });
    expect(await chat.exit()).toBe(1);
    expect(chat.lines.err).toEqual([
      expect.stringMatching(/^The chat cannot start: the database ".+" cannot be opened \(.+\); .+\.$/),
    ]);
    expect(chat.lines.out).toEqual([]);
  }
});
