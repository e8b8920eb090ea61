import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import type { EventLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { driver, entry, openLog, temporaryPath } from "../trials/temporary-file.ts";

const WIDE = { entries: 100, bytes: 1e6 };

async function appendSome(log: EventLog, count: number, text: string) {
  for (let n = 0; n < count; n++) await log.append([entry("a", `${text} ${n}`)]);
  return log.head();
}

/** Copies the files as a killed process leaves them. */
function kill(path: string): string {
  const copy = temporaryPath();
  for (const end of ["", "-wal", "-shm"]) copyFileSync(path + end, copy + end);
  return copy;
}

function damage(path: string, how: (wal: Buffer) => Buffer): void {
  writeFileSync(`${path}-wal`, how(readFileSync(`${path}-wal`)));
}

const fillEnd = (wal: Buffer): Buffer => wal.fill(0, wal.length - 20_000);

describe(`a -wal file of a process that was killed, by ${driver.name}`, () => {
  test.each<[string, (wal: Buffer) => Buffer]>([
    ["cut in half", (wal) => wal.subarray(0, wal.length / 2)],
    ["given a damaged header", (wal) => Buffer.concat([Buffer.alloc(32, 90), wal.subarray(32)])],
    ["filled with zeros at its end", fillEnd],
  ])("and that was %s while no server ran ends the epoch", async (_, how) => {
    const path = temporaryPath();
    const lost = await appendSome(openLog(path, { boot: "one" }), 12, "lost");
    const copy = kill(path);
    damage(copy, how);

    const reopened = openLog(copy, { boot: "one" });
    await appendSome(reopened, 20, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ channel: "a" }] });
  });

  test("and that was filled with zeros while it was open ends the epoch", async () => {
    const path = temporaryPath();
    const log = openLog(path, { boot: "one" });
    await appendSome(log, 12, "lost");
    damage(path, fillEnd);
    const lost = await appendSome(log, 3, "behind the hole");

    const reopened = openLog(kill(path), { boot: "one" });
    await appendSome(reopened, 20, "new");
    expect(await reopened.read(lost, ["a"], WIDE)).toMatchObject({ entries: [], holes: [{ channel: "a" }] });
  });

  test("and that was left as it is keeps the epoch", async () => {
    const path = temporaryPath();
    const head = await appendSome(openLog(path, { boot: "one" }), 12, "kept");
    expect(await openLog(kill(path), { boot: "one" }).head()).toEqual(head);
  });
});
