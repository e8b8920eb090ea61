import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi, type TestContext } from "vitest";
import { freshFolder } from "../fresh-folder.ts";
import { lobbyOfChat, lobbyOfHub, type Lobby } from "./lobby.ts";
import type { RawReaderOptions } from "./raw-reader.ts";
import { startReaders } from "./readers.ts";
import { LOBBY } from "./served-chat.ts";
import type { ServerProcess } from "./server-process.ts";
import { SmallDisk } from "./small-disk.ts";

// Each test starts processes, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Sets how long a file of a running process may become; part of every Linux with util-linux. */
const PRLIMIT = "/usr/bin/prlimit";
const NO_DISK = "Only root may mount a disk of its own, on Linux.";
/** MiB: a log, what SQLite keeps beside it, and some room. */
const DISK = 3;

const mountDisk = async ({ skip }: TestContext): Promise<SmallDisk> => (await SmallDisk.mount(DISK)) ?? skip(NO_DISK);

/** What a reader asks for who wants what was said before, too. */
const history = ({ path = LOBBY }: RawReaderOptions): string => `${path}&last=1000`;

/** Why a file takes nothing more, and how that begins and ends. */
interface Shortage {
  readonly folder: string;
  readonly begin: (server: ServerProcess) => void;
  readonly end: (server: ServerProcess) => void;
  /** What SQLite says. */
  readonly reason: RegExp;
}

async function fullDisk(context: TestContext): Promise<Shortage> {
  const disk = await mountDisk(context);
  return { folder: disk.folder, begin: () => disk.fill(), end: () => disk.free(), reason: /database or disk is full/ };
}

/** A quota. */
async function limitedFile({ skip }: TestContext): Promise<Shortage> {
  if (!existsSync(PRLIMIT)) skip(`There is no ${PRLIMIT}, which would limit a file.`);
  const folder = await freshFolder();
  const limit = ({ pid }: ServerProcess, bytes: number | "unlimited") =>
    execFileSync(PRLIMIT, ["--pid", String(pid), `--fsize=${bytes}:`]);
  return {
    folder,
    begin: (server) => limit(server, statSync(join(folder, "log.db-wal")).size + 20_000),
    end: (server) => limit(server, "unlimited"),
    reason: /disk I\/O error/,
  };
}

type LobbyAt = (path: string) => Promise<Lobby>;
const SERVERS: readonly (readonly [string, LobbyAt, advice: RegExp | null])[] = [
  [
    "a hub",
    lobbyOfHub,
    /Cannot write to the log in .*log\.db.*(Free some space and publish again|The disk failed|must be allowed to write)/,
  ],
  // Its rows come first, and there it gets no further.
  ["the chat", lobbyOfChat, null],
];
const SHORTAGES = [
  ["full disk", fullDisk],
  ["file that must not grow", limitedFile],
] as const;
const CASES = SHORTAGES.flatMap(([what, shortageOf]) =>
  SERVERS.map(([name, ...server]) => [`${name} with a ${what}`, shortageOf, ...server] as const),
);

test.for(CASES)(
  "%s refuses to publish and says why, has everything stored that it acknowledged, streams on, and publishes again when there is room",
  async ([, shortageOf, lobbyAt, advice], context) => {
    const { folder, begin, end, reason } = await shortageOf(context);
    const { start, post, reading, stored } = await lobbyAt(join(folder, "log.db"));
    const server = await start();
    const readers = await startReaders(3, server.port, reading);
    const acked: string[] = [];
    const publish = async (text: string) => {
      await post(server.port, "ada", text, text.slice(0, 20));
      acked.push(text);
    };
    for (let number = 0; number < 10; number++) await publish(`before ${number}`);

    begin(server);
    const refusals: string[] = [];
    for (let number = 0; number < 40; number++) {
      await publish(`${number} ${"x".repeat(1_900)}`).catch((error: unknown) => refusals.push(String(error)));
    }
    expect(refusals.length).toBeGreaterThan(5);
    // On the wire, or where whoever runs the server looks.
    expect(`${refusals.join("\n")}\n${server.said}`).toMatch(reason);
    for (const refusal of refusals) expect(refusal).toMatch(advice ?? / 500: /);

    // Somebody who comes now gets what there is.
    const [late] = await startReaders(1, server.port, { ...reading, path: history(reading) });
    end(server);
    await publish("after");
    for (const reader of readers) {
      await reader.until(() => reader.texts.at(-1) === "after");
      expect(reader.texts).toEqual(acked);
      expect(reader.surprises).toEqual([]);
      expect(reader.visits).toHaveLength(1);
    }
    await late?.has(acked.length);
    expect(late?.texts).toEqual(acked);
    expect(await stored()).toEqual(acked);
  },
);

test.for(SERVERS)(
  "%s on a full disk stops and starts all the same: who comes gets what there is, and nothing is lost",
  async ([, lobbyAt], context) => {
    const disk = await mountDisk(context);
    const { start, post, reading, stored } = await lobbyAt(join(disk.folder, "log.db"));
    let server = await start();
    const publish = (text: string) => post(server.port, "ada", text, text.slice(0, 20));
    await publish("before");
    disk.fill();
    expect(await server.stop()).toBe(0);
    server = await start();
    const readers = await startReaders(3, server.port, { ...reading, path: history(reading) });
    await Promise.all(readers.map((reader) => reader.has(1)));
    await expect(publish(`too much ${"x".repeat(1_900)}`)).rejects.toThrow(/50[03]/);
    await server.kill();
    server = await start();
    disk.free();
    await publish("after");
    expect(await stored()).toEqual(["before", "after"]);
  },
);

test.for(SERVERS)(
  "%s whose disk must not be written shows what there is, or does not start, and says why; later it has everything",
  async ([, lobbyAt, advice], context) => {
    const disk = await mountDisk(context);
    const path = join(disk.folder, "log.db");
    const { start, post, reading, stored } = await lobbyAt(path);
    let server = await start();
    const publish = (text: string) => post(server.port, "ada", text, text);
    await publish("before");
    await server.kill();
    disk.allow("ro");
    // What SQLite keeps beside the file is still there, so it can be read.
    server = await start();
    const [reader] = await startReaders(1, server.port, { ...reading, path: history(reading) });
    await reader?.has(1);
    const refusal = await publish("not now").catch(String);
    expect(`${String(refusal)}\n${server.said}`).toMatch(/readonly database/);
    expect(refusal).toMatch(advice ?? / 500: /);
    await server.kill();

    disk.allow("rw");
    server = await start();
    await publish("after");
    expect(await server.stop()).toBe(0);
    // After a stop that file holds all; some drivers take these away then.
    for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
    disk.allow("ro");
    await expect(start()).rejects.toThrow(/log\.db.*unable to open database file/);
    disk.allow("rw");
    expect(await stored()).toEqual(["before", "after"]);
  },
);
