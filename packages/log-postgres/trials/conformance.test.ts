import { describe, vi } from "vitest";
import { describePostgresLog } from "../test/describe-log.ts";

// A property opens a hundred logs.
vi.setConfig({ testTimeout: 180_000 });

describe("with 100 random histories for each property,", () => {
  describePostgresLog(100);
});
