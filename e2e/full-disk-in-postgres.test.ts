import { randomBytes } from "node:crypto";
import { chown } from "node:fs/promises";
import { postgresLog } from "@tidings/log-postgres";
import { expect, inject, test, vi } from "vitest";
import { everything } from "../packages/log/test/entries.ts";
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
