import { describe, vi } from "vitest";
import { describeSqliteLog, openWithReader } from "./describe-log.ts";

// A property opens a hundred logs.
vi.setConfig({ testTimeout: 180_000 });

describe("with 100 random histories for each property,", () => {
  describeSqliteLog(100);
});

describe("read by another handle than the one that writes,", () => {
  describeSqliteLog(5, openWithReader);
});
