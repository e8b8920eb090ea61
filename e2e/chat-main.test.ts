import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { visit } from "./chat.ts";

const main = join(import.meta.dirname, "..", "apps", "chat-server", "src", "main.ts");
const tsx = fileURLToPath(import.meta.resolve("tsx"));

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidings-chat-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

/** The server as `npm start` runs it, but from its sources, in an empty folder. */
function run(variables: Record<string, string>) {
  const { PORT: _port, HOST: _host, TIDINGS_SECRET: _secret, ...env } = process.env;
  const child = spawn(process.execPath, ["--import", tsx, "--conditions=@tidings/source", main], {
    cwd: folder,
    env: { ...env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const lines = { out: [] as string[], err: [] as string[] };
  const out = createInterface(child.stdout).on("line", (line) => lines.out.push(line));
  createInterface(child.stderr).on("line", (line) => lines.err.push(line));
  return {
    child,
    lines,
    /** Where it is live, once it says so. */
    url: async () => {
      for await (const line of out) {
        const found = /^Tidings chat is live at (http:\S+)$/.exec(line)?.[1];
        if (found !== undefined) return found;
      }
      throw new Error(`The chat did not start: ${lines.err.join("\n")}`);
    },
    exit: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
      return child.exitCode;
    },
  };
}

test.for(["SIGTERM", "SIGINT"] as const)(
  "%s says goodbye to streams, ends within a second, and leaves nobody on the port",
  async (signal) => {
    const chat = run({ PORT: "0" });
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

test("a port that is taken is one clear sentence and exit code 1", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = other.address() as AddressInfo;
  const chat = run({ PORT: String(port) });
  expect(await chat.exit()).toBe(1);
  other.close();
  expect(chat.lines.err).toEqual([
    `Port ${port} of 127.0.0.1 is taken by another program; stop that one, or set PORT to a free one.`,
  ]);
  expect(chat.lines.out).toEqual([]);
});

test.for(["abc", "65536"])("PORT=%s is one clear sentence and exit code 1", async (port) => {
  const chat = run({ PORT: port });
  expect(await chat.exit()).toBe(1);
  expect(chat.lines.err).toEqual([`PORT must be a whole number from 0 to 65535, not "${port}".`]);
});

test("a sign-in survives a restart, and the secret behind it is for its owner alone", async () => {
  const first = run({ PORT: "0" });
  const ada = await visit(await first.url(), "ada");
  first.child.kill("SIGTERM");
  await first.exit();
  const second = run({ PORT: "0" });
  const session = await fetch(`${await second.url()}/api/session`, { headers: { cookie: ada.cookie } });
  expect(await session.json()).toEqual({ viewer: { name: "ada" } });
  const secret = join(folder, "data", "chat.secret");
  expect((await readFile(secret, "utf8")).length).toBeGreaterThan(40);
  if (process.platform !== "win32") expect((await stat(secret)).mode & 0o777).toBe(0o600);
});
