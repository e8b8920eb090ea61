import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "./app.ts";

const DAY = 86_400_000;

test("an inbox is kept for 30 days, an answer for an hour, and everything else for the week of the log", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chat-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "chat.db");
  const chat = await createApp({ secret: "secret", log: { kind: "sqlite", path }, page: folder });
  onTestFinished(() => chat.close());
  const log = sqliteLog(path);
  onTestFinished(() => log.close());
  await expect
    .poll(async () => (await log.stat()).rules)
    .toEqual({
      channels: [
        { pattern: "answers/*", entries: 10_000, age: DAY / 24 },
        { pattern: "users/*/inbox", entries: 10_000, age: 30 * DAY },
      ],
      default: { entries: 10_000, age: 7 * DAY },
    });
});
