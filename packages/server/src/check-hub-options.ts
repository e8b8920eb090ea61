import type { Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import type { Clock } from "@tidings/protocol/clock";
import type { HubOptions, Viewer } from "./hub-options.ts";
import { checkObject, checkType, typeNameOf } from "./runtime/checks.ts";

type Options = HubOptions<Contract, Viewer>;

/** The type of each option. Limits, ranges, origins and hosts are checked by the parts that use them. */
const OPTION_TYPES = {
  log: "object",
  authenticate: "function",
  authorize: "function",
  snapshot: "object",
  snapshotOverlap: "number",
  hosts: "array",
  cors: "object",
  limits: "object",
  heartbeat: "number",
  drain: "number",
  onConnect: "function",
  onDisconnect: "function",
  onLog: "function",
  debug: "boolean",
  clock: "object",
  random: "function",
} as const satisfies Record<keyof Options, Parameters<typeof checkType>[2]>;

const LOG_METHODS: readonly (keyof EventLog)[] = [
  "append",
  "read",
  "recent",
  "current",
  "head",
  "watch",
  "trim",
  "stat",
  "close",
];
const CLOCK_METHODS: readonly (keyof Clock)[] = ["now", "monotonic", "setTimeout", "defer"];

/**
 * Checks the options of `createHub` for programs without types, and for keys that types let through.
 *
 * @throws TypeError for an unknown key, a missing option, or a value of another type
 */
export function checkHubOptions(contract: Contract, options: Options): void {
  checkObject("the options of createHub", options, Object.keys(OPTION_TYPES));
  const { log, authorize, clock } = options;
  // Safe: a contract without snapshots has no such option, which a record of channels cannot say.
  const snapshot = (options as { readonly snapshot?: object }).snapshot ?? {};
  // Safe: plain JavaScript may leave them out.
  for (const [name, given] of Object.entries({ log, authorize } as Record<string, unknown>)) {
    if (given === undefined) throw new TypeError(`Expected "${name}" in the options of createHub, got none.`);
  }
  for (const [name, type] of Object.entries(OPTION_TYPES)) {
    // Safe: the keys of the table are those of the options.
    checkType(name, options[name as keyof Options], type);
  }
  checkMethods("log", log, LOG_METHODS);
  if (clock !== undefined) checkMethods("clock", clock, CLOCK_METHODS);
  const withSnapshot = Object.values(contract).flatMap(({ name, snapshot: schema }) => (schema ? [name] : []));
  checkObject("snapshot", snapshot, withSnapshot);
  for (const [name, loader] of Object.entries(snapshot)) checkType(`snapshot.${name}`, loader, "function");
}

function checkMethods<Checked extends object>(name: string, value: Checked, methods: readonly (keyof Checked)[]): void {
  const missing = methods.find((method) => typeof value[method] !== "function");
  if (missing === undefined) return;
  const got = typeNameOf(value[missing]);
  throw new TypeError(`Expected "${name}" to have a method "${String(missing)}", got ${got}; pass a ${name}.`);
}
