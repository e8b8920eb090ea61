import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { reliable } from "../../log/test/entries.ts";
import { FLEETING } from "../test/redis-server.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";
import { redisLog } from "./redis-log.ts";

/** What an application writes to its records: an error with everything that it has. */
const recordOf = (error: unknown): string => inspect(error, { depth: 10, showHidden: true });

describe.runIf(hasServer)("an error of the log", () => {
  test("has no password, and says that it is the wrong one", async () => {
    const own = await startServer(FLEETING);
    await own.send("config", "set", "requirepass", "right");
    for (const user of ["", "tidings"]) {
      const opening = redisLog(own.url.replace("//", `//${user}:secret@`));
      const error: unknown = await opening.catch((caught: unknown) => caught);
      expect(String(error)).toMatch(/WRONGPASS .*Check the user and the password\.$/);
      expect(recordOf(error)).not.toContain("secret");
    }
  });

  test("has neither the data of events nor the script", async () => {
    const own = await startServer(FLEETING);
    const { log } = await openTestLog({ url: own.url, newName: () => "log" });
    // No list can be there, so the script fails.
    await own.send("rpush", "{log}:r:a", "1");
    const error: unknown = await log.append([reliable("a", '"secret"')]).catch((caught: unknown) => caught);
    expect(recordOf(error)).toContain("WRONGTYPE");
    expect(recordOf(error)).not.toMatch(/secret|redis\.call/);
  });
});
