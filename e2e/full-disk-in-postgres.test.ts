import { randomBytes } from "node:crypto";
import { chown, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { EventLog } from "@tidings/log";
import { postgresLog } from "@tidings/log-postgres";
import { execa } from "execa";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { everything, reliable } from "../packages/log/test/entries.ts";
import type { PostgresServer } from "../packages/log-postgres/test/postgres-server.ts";
import { startServer } from "../packages/log-postgres/test/test-server.ts";
import { SmallDisk } from "./faults/small-disk.ts";
import { followWithEach, openHub, room } from "./shared-hubs.ts";

vi.setConfig({ testTimeout: 60_000 });

test("on a full disk, PostgreSQL refuses a publish and says why; streams go on, and publishing with room", async ({
  skip,
}) => {
  const disk = (await SmallDisk.mount(8)) ?? skip("Only root on Linux can mount a file system of its own.");
  const server = await startServer();
  const log = await postgresLog(server.url);
  const hub = openHub(log);
  const [heard = []] = await followWithEach([{ hub }]);
  const { uid, gid } = inject("postgresPrograms").user;
  if (uid !== undefined && gid !== undefined) await chown(disk.folder, uid, gid);
  await server.query(`create tablespace small location '${disk.folder}'`);
  await server.query("alter table tidings.entry set tablespace small");
  /** It has so many bytes that the file of the table has to grow, and nothing makes them fewer. */
  const publish = async (name: string): Promise<string> => {
    const text = name + randomBytes(20_000).toString("base64");
    await hub.publish(room, "said", { text, at: 0 });
    return text;
  };

  const before = await publish("before");
  disk.fill();
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(publish("never")).rejects.toMatchObject({
      name: "AppendError",
      outcome: "none",
      message: expect.stringMatching(/No space left on device\. Free some space on the disk of the server\.$/),
    });
  }
  const stored = await everything(log);
  disk.free();
  const after = await publish("after");
  await expect.poll(() => heard).toEqual([before, after]);
  expect(await everything(log)).toHaveLength(stored.length + 1);
});

test("when PostgreSQL stops for a full disk, nobody is told that nothing was stored", async ({ skip }) => {
  const disk = (await SmallDisk.mount(64)) ?? skip("Only root on Linux can mount a file system of its own.");
  const server = await startServer();
  const log = await postgresLog(server.url);
  onTestFinished(() => log.close());
  await log.append([reliable("a", "0")]);
  await moveLogTo(disk, server);
  await expect.poll(() => isAppended(log, "1")).toBe(true);
  disk.fill();

  // The log of the server needs another file for the commit.
  const refusals: unknown[] = [];
  for (let n = 2; refusals.length === 0 && n < 20; n++) {
    await server.query("select pg_switch_wal()").catch(() => {});
    await log.append([reliable("a", `${n}`)]).catch((error: unknown) => refusals.push(error));
  }
  expect(refusals).toMatchObject([{ name: "AppendError", outcome: "unknown" }]);

  disk.free();
  await server.kill();
  await server.start();
  await expect.poll(() => isAppended(log, '"after"')).toBe(true);
  expect((await everything(log)).at(-1)).toBe('"after"');
});

/** Moves what the server writes first of each commit. */
async function moveLogTo(disk: SmallDisk, server: PostgresServer): Promise<void> {
  const [from, to] = [join(server.data, "pg_wal"), join(disk.folder, "pg_wal")];
  await server.stop();
  await execa("cp", ["-a", from, to]);
  await rm(from, { recursive: true });
  await symlink(to, from);
  const { uid, gid } = inject("postgresPrograms").user;
  if (uid !== undefined && gid !== undefined) await chown(disk.folder, uid, gid);
  await server.start();
}

async function isAppended(log: EventLog, data: string): Promise<boolean> {
  return log.append([reliable("a", data)]).then(
    () => true,
    () => false,
  );
}
