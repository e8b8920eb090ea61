import { describe, expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { redisLog } from "./redis-log.ts";

/** Nobody is there: a connection that is not refused cannot be made. */
const NOBODY = "redis://127.0.0.1:1";

describe("where a log is", () => {
  test.for<[string, string]>([
    ["keyPrefix", `${NOBODY}?keyPrefix=app:`],
    ["autoResendUnfulfilledCommands", `${NOBODY}/0?autoResendUnfulfilledCommands=true`],
    ["timeout", "/run/redis.sock?timeout=5"],
  ])("has no parameter %s in its URL, and the error says what to do", async ([name, url]) => {
    await expect(redisLog(url)).rejects.toThrow(
      `Expected no parameter in the URL of redisLog but db and family, got "${name}"; ` +
        'to give all keys another prefix, use the option "name".',
    );
  });

  test.for(["http://127.0.0.1:1", "postgres://db/app", "redis+sentinel://127.0.0.1:1"])(
    "is no URL of another scheme: %s",
    async (url) => {
      await expect(redisLog(url)).rejects.toThrow(/^Expected a URL that begins with redis: or rediss:, got "/);
    },
  );

  test.for(["redis://user:secret@:port", "redis://half/secret@127.0.0.1", "redis://user:6/secret@127.0.0.1:1"])(
    "is no text that is no URL, and the error does not have its password: %s",
    async (url) => {
      const opening = redisLog(url);
      await expect(opening).rejects.toThrow(/^Expected a URL of Redis, got one that cannot be read/);
      await expect(opening).rejects.not.toThrow("secret");
    },
  );

  test("is not an empty text", async () => {
    await expect(redisLog("")).rejects.toThrow("Expected a URL of Redis, such as");
  });

  test("is no URL with the name of a database", async () => {
    const expected = 'Expected the number of a database at the end of the URL of redisLog, got "/chat".';
    await expect(redisLog(`${NOBODY}/chat`)).rejects.toThrow(expected);
  });

  test.for([{ keyPrefix: "app:" }, { sentinels: [] }, { maxRetriesPerRequest: 3 }])(
    "has no setting that the log does not know: %j",
    async (unknown) => {
      const settings: object = { port: 1, ...unknown };
      await expect(redisLog(settings)).rejects.toThrow(
        new RegExp(`^Expected one of host, .* in the connection of redisLog, got "${Object.keys(unknown)[0]}"`),
      );
    },
  );

  test.for<Connection>([
    NOBODY,
    `${NOBODY}/2`,
    `${NOBODY}?db=2&family=4`,
    "127.0.0.1:1",
    "/nowhere/redis.sock",
    { host: "127.0.0.1", port: 1, db: 2, family: 4, username: undefined },
    { path: "/nowhere/redis.sock" },
  ])("is %j: the log tries to connect", async (connection) => {
    await expect(redisLog(connection)).rejects.toThrow(/^Cannot open the log in Redis: connect /);
  });

  test.for([1, null, undefined, ["redis://127.0.0.1:1"]])("is not %j", async (connection) => {
    // Plain JavaScript may pass anything.
    await expect(redisLog(connection as never)).rejects.toThrow(
      "Expected the connection of redisLog to be a URL or settings, got ",
    );
  });
});
