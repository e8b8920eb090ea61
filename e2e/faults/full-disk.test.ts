import { execFileSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi, type TestContext } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { chatLobby, hubLobby, type ServedLobby } from "./served-lobby.ts";
import type { ResumingReaderOptions } from "./resuming-reader.ts";
import { startReaders } from "./start-readers.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";
import type { ServerProcess } from "./server-process.ts";
import { SmallDisk } from "./small-disk.ts";

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** Limits the size of the files that a running process writes; part of util-linux. */
const PRLIMIT = "/usr/bin/prlimit";
const NO_DISK = "Only root on Linux can mount a file system of its own.";
/** MiB: enough for a log, the files that SQLite keeps beside it, and some messages. */
const DISK = 3;

const mountDisk = async ({ skip }: TestContext): Promise<SmallDisk> => (await SmallDisk.mount(DISK)) ?? skip(NO_DISK);

/** Options for a reader that also wants the messages from before it connects. */
const withHistory = (options: ResumingReaderOptions): ResumingReaderOptions => ({
  ...options,
  path: `${options.path ?? LOBBY_STREAM}&last=1000`,
});

/** A reason why a file cannot grow, and how that begins and ends. */
interface Shortage {
  readonly folder: string;
  readonly begin: (server: ServerProcess) => void;
  readonly end: (server: ServerProcess) => void;
  /** The error of SQLite. */
  readonly reason: RegExp;
}

/** A disk of its own, which is filled. */
async function fullDisk(context: TestContext): Promise<Shortage> {
  const disk = await mountDisk(context);
  return { folder: disk.folder, begin: () => disk.fill(), end: () => disk.free(), reason: /database or disk is full/ };
}

/** A limit for the size of files, as with a quota. */
async function limitedFile({ skip }: TestContext): Promise<Shortage> {
  if (!existsSync(PRLIMIT)) skip(`Expected ${PRLIMIT} to limit the size of a file, got none on this machine.`);
  const folder = await temporaryFolder();
  const limit = ({ pid }: ServerProcess, bytes: number | "unlimited") =>
    execFileSync(PRLIMIT, ["--pid", String(pid), `--fsize=${bytes}:`]);
  return {
    folder,
    begin: (server) => limit(server, statSync(join(folder, "log.db-wal")).size + 20_000),
    end: (server) => limit(server, "unlimited"),
    reason: /disk I\/O error/,
  };
}

/** What the error of the log tells the operator to do. */
const ADVICE = ["Free some space and publish again", "The disk failed", "must be allowed to write"];

type LobbyAt = (path: string) => Promise<ServedLobby>;
const SERVERS: readonly (readonly [string, LobbyAt, advice: RegExp | null])[] = [
  ["a hub", hubLobby, new RegExp(`Cannot write to the log in .*log\\.db.*(${ADVICE.join("|")})`)],
  // The chat writes its rows first, so the error is not from the log.
  ["the chat", chatLobby, null],
];
const SHORTAGES = [
  ["full disk", fullDisk],
  ["file that must not grow", limitedFile],
] as const;
const CASES = SHORTAGES.flatMap(([what, shortageOf]) =>
  SERVERS.map(([name, ...server]) => [`${name} with a ${what}`, shortageOf, ...server] as const),
);

test.for(CASES)(
  "%s refuses to publish and says why, keeps what it acknowledged, streams on, and publishes again when there is room",
  async ([, shortageOf, lobbyAt, advice], context) => {
    const { folder, begin, end, reason } = await shortageOf(context);
    const { start, post, readerOptions, storedTexts } = await lobbyAt(join(folder, "log.db"));
    const server = await start();
    const readers = await startReaders(3, server.port, readerOptions);
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
    // In the answers, or in the output of the server.
    expect(`${refusals.join("\n")}\n${server.errorOutput}`).toMatch(reason);
    for (const refusal of refusals) expect(refusal).toMatch(advice ?? / 503: /);

    // A reader that connects now gets what is stored.
    const [late] = await startReaders(1, server.port, withHistory(readerOptions));
    end(server);
    await publish("after");
    for (const reader of readers) {
      await reader.until(() => reader.texts.at(-1) === "after");
      expect(reader.texts).toEqual(acked);
      expect(reader.surprises).toEqual([]);
      expect(reader.connections).toHaveLength(1);
    }
    await late?.has(acked.length);
    expect(late?.texts).toEqual(acked);
    expect(await storedTexts()).toEqual(acked);
  },
);

test.for(SERVERS)(
  "%s on a full disk can stop and start: readers get what is stored, and nothing is lost",
  async ([, lobbyAt], context) => {
    const disk = await mountDisk(context);
    const { start, post, readerOptions, storedTexts } = await lobbyAt(join(disk.folder, "log.db"));
    let server = await start();
    const publish = (text: string) => post(server.port, "ada", text, text.slice(0, 20));
    await publish("before");
    disk.fill();
    expect(await server.stop()).toBe(0);
    server = await start();
    const readers = await startReaders(3, server.port, withHistory(readerOptions));
    await Promise.all(readers.map((reader) => reader.has(1)));
    // The stop has emptied SQLite's file of changes, which left room.
    disk.fill();
    await expect(publish(`too much ${"x".repeat(1_900)}`)).rejects.toThrow(/503/);
    await server.kill();
    server = await start();
    disk.free();
    await publish("after");
    expect(await storedTexts()).toEqual(["before", "after"]);
  },
);

test.for(SERVERS)(
  "%s that was stopped does not start without a byte of room, says why, and starts when there is some",
  async ([, lobbyAt], context) => {
    const disk = await mountDisk(context);
    const path = join(disk.folder, "log.db");
    const { start, post, storedTexts } = await lobbyAt(path);
    const server = await start();
    await post(server.port, "ada", "before", "before");
    expect(await server.stop()).toBe(0);
    // Some drivers delete the files beside it themselves. SQLite makes new ones, which need room, also to read.
    for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
    disk.fill();
    await expect(start()).rejects.toThrow(/log\.db.*disk I\/O error.*(no room left|room on its disk)/);
    disk.free();
    const { port } = await start();
    await post(port, "ada", "after", "after");
    expect(await storedTexts()).toEqual(["before", "after"]);
  },
);

test.for(SERVERS)(
  "%s on a read-only disk serves what is stored, or does not start and says why; nothing is lost",
  async ([, lobbyAt, advice], context) => {
    const disk = await mountDisk(context);
    const path = join(disk.folder, "log.db");
    const { start, post, readerOptions, storedTexts } = await lobbyAt(path);
    let server = await start();
    const publish = (text: string) => post(server.port, "ada", text, text);
    await publish("before");
    await server.kill();
    disk.allow("ro");
    // After a kill, the files that SQLite keeps beside it are still there, so it can be read.
    server = await start();
    const [reader] = await startReaders(1, server.port, withHistory(readerOptions));
    await reader?.has(1);
    const refusal = await publish("not now").catch(String);
    expect(`${String(refusal)}\n${server.errorOutput}`).toMatch(/readonly database/);
    expect(refusal).toMatch(advice ?? / 503: /);
    await server.kill();

    disk.allow("rw");
    server = await start();
    await publish("after");
    expect(await server.stop()).toBe(0);
    // After a stop, the file has everything. Some drivers delete the files beside it themselves.
    for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
    disk.allow("ro");
    await expect(start()).rejects.toThrow(/log\.db.*unable to open database file/);
    disk.allow("rw");
    expect(await storedTexts()).toEqual(["before", "after"]);
  },
);
