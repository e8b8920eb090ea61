import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, test, vi } from "vitest";
import { startChat } from "../chat.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { buildChatProgram, buildHubProgram } from "../build-program.ts";
import { startChatProcess, startHubProcess } from "./server-process.ts";

// Each test starts processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

function overwrite(path: string, text: string, position: number): void {
  const file = openSync(path, "r+");
  writeSync(file, text, position);
  closeSync(file);
}

/** Ways to damage a database, and the error of SQLite for each. */
const DAMAGES: readonly [string, (path: string) => void, RegExp][] = [
  ["is no database", (path) => writeFileSync(path, "notes of mine\n".repeat(1_000)), /file is not a database/],
  ["has lost its first page", (path) => overwrite(path, "lost ".repeat(819), 0), /file is not a database/],
  ["has lost all but its first pages", (path) => truncateSync(path, 16 * 1024), /malformed/],
  ["has a damaged table of tables", (path) => overwrite(path, "lost ".repeat(700), 100), /malformed/],
];

test.for(DAMAGES)(
  "a hub whose file %s does not start, names the file in its error, and does not change it",
  async ([, damage, reason]) => {
    const path = await temporaryPath();
    const log = sqliteLog(path);
    const data = JSON.stringify({ text: "x".repeat(1_000) });
    await log.append(
      Array.from({ length: 200 }, () => ({ channel: "rooms/lobby", type: "message", mode: "reliable" as const, data })),
    );
    await log.close();
    damage(path);
    const before = hash(path);
    const starting = startHubProcess(await buildHubProgram(), { path });
    await expect(starting).rejects.toThrow(reason);
    await expect(starting).rejects.toThrow(`Cannot open the log in "${path}"`);
    expect(hash(path)).toBe(before);
  },
);

test.for(DAMAGES)(
  "a chat whose file %s does not start, names the file in one sentence, and does not change it",
  async ([, damage, reason]) => {
    const path = await temporaryPath("chat.db");
    await (await startChat({ log: { kind: "sqlite", path } })).server.close();
    damage(path);
    const before = hash(path);
    const program = await buildChatProgram();
    const starting = startChatProcess(program, `sqlite:${path}`);
    await expect(starting).rejects.toThrow(reason);
    await expect(starting).rejects.toThrow(/got: The chat cannot start: .*chat\.db.*\n$/);
    expect(hash(path)).toBe(before);
  },
);
