import { describeEventLog, type EngineFacts } from "@tidings/log/conformance";
import { openEngine } from "./open-engine.ts";

/**
 * All laws of a log, each in an empty schema of the server.
 *
 * @param runs how many random histories each property has
 * @param lacks what these tests leave to others, and to which
 */
export function describePostgresLog(runs: number, lacks: Required<EngineFacts>["lacks"] = {}): void {
  describeEventLog("postgresLog", openEngine(), { survivesReopen: true, heedsClock: true, runs, lacks });
}
