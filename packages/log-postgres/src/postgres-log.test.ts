import { describe } from "vitest";
import { describePostgresLog } from "../test/describe-log.ts";

describe("on a server", () => {
  describePostgresLog(5);
});
