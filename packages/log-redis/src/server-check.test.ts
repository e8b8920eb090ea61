import { describe, expect, test } from "vitest";
import { reliable } from "../../log/test/entries.ts";
import { redisLog } from "../src/redis-log.ts";
import { DURABLE, FLEETING, type Settings } from "../test/redis-server.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";

/** What the log warns of when it is opened on a server with these settings. */
async function warningsOn(settings: Settings, prepare: readonly string[] = [], user = ""): Promise<string[]> {
  const server = await startServer(settings);
  if (prepare.length > 0) await server.send(prepare[0] ?? "", ...prepare.slice(1));
  const warnings: string[] = [];
  const url = server.url.replace("//", `//${user}`);
  const log = await redisLog(url, { onWarning: (warning) => warnings.push(warning) });
  await log.append([{ channel: "a", type: "message", mode: "reliable", data: "1" }]);
  await log.close();
  return warnings;
}

describe.runIf(hasServer)("opening a log", () => {
  test("on a server with appendonly and noeviction warns of nothing", async () => {
    expect(await warningsOn({ ...DURABLE, "maxmemory-policy": "noeviction" })).toEqual([]);
  });

  test("warns of a server that deletes keys when its memory is full", async () => {
    const warnings = await warningsOn({ ...DURABLE, "maxmemory-policy": "allkeys-lru" });
    expect(warnings).toEqual([
      expect.stringContaining("maxmemory-policy allkeys-lru). Then the log begins anew, and every reader gets"),
    ]);
  });

  test("does not warn of policies that delete only keys with an expiry: a log has none", async () => {
    expect(await warningsOn({ ...DURABLE, "maxmemory-policy": "volatile-lru" })).toEqual([]);
  });

  test("warns of a server that keeps nothing on a disk", async () => {
    expect(await warningsOn(FLEETING)).toEqual([expect.stringContaining("after its restart the log is empty")]);
  });

  test("warns of a server that keeps only snapshots, and says when it writes them", async () => {
    const warnings = await warningsOn({ save: "3600 1" });
    expect(warnings).toEqual([expect.stringMatching(/only snapshots .*save 3600 1.*Set appendonly to yes/)]);
  });

  test("needs few rights, says what it cannot find out for them, and says which rights it needs", async () => {
    const user = ["acl", "setuser", "limited", "on", "nopass", "~{tidings}:*", "&{tidings}:*", "+@all", "-@dangerous"];
    const warnings = await warningsOn({ save: "3600 1" }, [...user, "+info"], "limited:any@");
    expect(warnings).toEqual([expect.stringContaining("does not say whether it keeps its data on a disk")]);
    const opening = warningsOn({ save: "3600 1" }, user, "limited:any@");
    await expect(opening).rejects.toThrow(/Cannot open the log in Redis: .*Give the user of the log its rights: /);
  });

  test("uses the database that the address names, and never another one", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: `${own.url}/3`, newName: () => "third" });
    await log.append([reliable("a", "1")]);
    expect(await own.send("dbsize")).toBe(0);
    await expect(redisLog(`${own.url}/99`)).rejects.toThrow(/DB index is out of range\.$/);
    await expect(redisLog({ port: own.port, db: 99 })).rejects.toThrow("DB index is out of range");
    await expect(redisLog(`${own.url}/chat`)).rejects.toThrow("Expected the number of a database");
    expect(await own.send("dbsize")).toBe(0);
  });

  test("on no server rejects, and says what to do", async () => {
    const server = await startServer(FLEETING);
    await server.kill();
    await expect(redisLog(server.url)).rejects.toThrow(
      /Cannot open the log in Redis: .*ECONNREFUSED.*check the address, and that the server runs/,
    );
  });

  test("with a wrong password rejects, and says so", async () => {
    const server = await startServer(FLEETING);
    await server.send("config", "set", "requirepass", "right");
    await expect(redisLog(server.url.replace("//", "//:wrong@"))).rejects.toThrow(
      /Cannot open .*WRONGPASS.* Check the user and the password\.$/,
    );
    await expect(redisLog(server.url)).rejects.toThrow(/Cannot open .*NOAUTH.* Give the password of the server\.$/);
  });

  test("refuses what is no name of a log, and options that it does not know", async () => {
    await expect(redisLog("redis://127.0.0.1:1", { name: "a}b" })).rejects.toThrow('Expected "name" to be 1 to 60');
    await expect(redisLog("redis://127.0.0.1:1", { replicas: -1 })).rejects.toThrow(
      'Expected "replicas" to be a number',
    );
    const misspelt: object = { nam: "a" };
    await expect(redisLog("redis://127.0.0.1:1", misspelt)).rejects.toThrow(/Expected one of name, .* got "nam"/);
  });
});
