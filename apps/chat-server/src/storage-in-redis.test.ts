import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import "../../../packages/log-redis/test/test-server.ts";
import { describeSharedStorage } from "../test/describe-storage.ts";

const server = inject("redisUrl");
let databases = 0;

// Without a server on this machine, the run says that these tests are left out.
if (server !== null) {
  describeSharedStorage("Redis and a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "tidings-storage-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    databases++;
    return { kind: "redis", url: `${server}/${databases}`, path: join(folder, "chat.db") };
  });
}
