import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEventLog } from "@tidings/log/conformance";
import { afterAll } from "vitest";
import { sqliteLog } from "./sqlite-log.ts";

const folder = mkdtempSync(join(tmpdir(), "tidings-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

describeEventLog(
  "sqliteLog",
  async (options) => {
    const path = join(folder, `${++files}.db`);
    const open = async () => sqliteLog(path, options);
    return { log: await open(), another: open, reopen: open };
  },
  { survivesReopen: true, heedsClock: true, runs: 10 },
);
