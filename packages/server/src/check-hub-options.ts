import type { Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import type { HubOptions, Viewer } from "./hub-options.ts";
import {
  checkHasKeys,
  checkMethods,
  checkObject,
  checkOptions,
  checkType,
  CLOCK_METHODS,
  typeNameOf,
  type CheckedType,
} from "@tidings/protocol/checks";

type Options = HubOptions<Contract, Viewer>;

/** The type of each option. Limits, ranges, origins and hosts are checked by the parts that use them. */
const OPTION_TYPES = {
  log: "object",
  keep: "object",
  authenticate: "function",
  authorize: "function",
  snapshot: "object",
  snapshotOverlap: "number",
  publishTimeout: "number",
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
} as const satisfies Record<keyof Options, CheckedType>;

const LOG_METHODS: readonly (keyof EventLog)[] = [
  "append",
  "read",
  "recent",
  "current",
  "head",
  "watch",
  "setRules",
  "trim",
  "stat",
  "close",
];

/**
 * Checks the options of `createHub` for programs without types, and for keys that types let through.
 *
 * @throws TypeError for an unknown key, a missing option, or a value of another type
 */
export function checkHubOptions(contract: Contract, options: Options): void {
  checkOptions("the options of createHub", options, OPTION_TYPES);
  const { log, authorize, clock } = options;
  // Safe: a contract without snapshots has no such option, which a record of channels cannot say.
  const snapshot = (options as { readonly snapshot?: object }).snapshot ?? {};
  // Safe: plain JavaScript may leave them out.
  for (const [name, given] of Object.entries({ log, authorize } as Record<string, unknown>)) {
    if (given === undefined) throw new TypeError(`Expected "${name}" in the options of createHub, got none.`);
  }
  // The logs in PostgreSQL and Redis are opened asynchronously.
  if (log instanceof Promise) throw new TypeError('Expected "log" to be a log, got a promise; open it with await.');
  checkMethods("log", log, LOG_METHODS);
  if (clock !== undefined) checkMethods("clock", clock, CLOCK_METHODS);
  const withSnapshot = Object.values(contract).flatMap(({ name, snapshot: schema }) => (schema ? [name] : []));
  checkObject("snapshot", snapshot, withSnapshot);
  for (const [name, loader] of Object.entries(snapshot)) checkType(`snapshot.${name}`, loader, "function");
}

/** Checks that a contract was made with `defineContract`. @throws TypeError */
export function checkIsContract(contract: unknown): void {
  const channels: unknown[] = Object.values(Object(contract) as object);
  const isChannel = (each: unknown): boolean => typeof each === "function" && "events" in each;
  if (typeNameOf(contract) !== "object" || !channels.every(isChannel)) {
    throw new TypeError(
      `Expected the contract of createHub to be made with defineContract, got ${typeNameOf(contract)}.`,
    );
  }
  checkHasKeys("the contract of createHub", contract);
}
