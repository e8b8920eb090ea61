import { fingerprint, type Contract } from "@tidings/contract";
import { PROTOCOL_VERSION } from "@tidings/protocol";
import { systemClock } from "@tidings/protocol/clock";
import { createConnections } from "./connections.ts";
import { createGate } from "./gate.ts";
import type { HubOptions, Viewer } from "./hub-options.ts";
import { checkLimits, checkRange, READ_TIME } from "./limits.ts";
import { createOrders } from "./orders.ts";
import { createOriginPolicy } from "./origin.ts";
import { createEncoders } from "./publisher.ts";
import { Ring, SLICE_BYTES } from "./ring.ts";
import { createSnapshots } from "./snapshots.ts";
import { createTailer } from "./tailer.ts";
import { createTrace } from "./trace.ts";
import { Turn } from "./turn.ts";

/** What a hub stands on. */
export type Base = Readonly<ReturnType<typeof createBase>>;

/** What all parts of a hub have in common. */
export type Context = Readonly<ReturnType<typeof createContext>>;

/**
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 * @throws TypeError for options that are out of range or contradict each other, and for a snapshot without a loader
 */
export function createContext(contract: Contract, options: HubOptions<Contract, Viewer>) {
  const base = createBase(contract, options);
  const connections = createConnections(base);
  const orders = createOrders(base, connections);
  const snapshots = createSnapshots(base);
  return { ...base, connections, orders, snapshots, tailer: createTailer(base, connections, orders) };
}

function createBase(contract: Contract, options: HubOptions<Contract, Viewer>) {
  const { log, clock = systemClock, random = Math.random, heartbeat = 15_000, drain = null } = options;
  const limits = checkLimits(options.limits);
  checkRange("heartbeat", heartbeat, 1_000, 300_000);
  if (drain !== null) checkRange("drain", drain, 500, 60_000);
  let anonymous = 0;
  return {
    contract,
    options,
    encoders: createEncoders(contract),
    authenticate: options.authenticate ?? ((): Viewer => ({ id: `anonymous-${++anonymous}` })),
    originPolicy: createOriginPolicy(options.cors),
    log,
    clock,
    /** Uniform in [0, 1). */
    random,
    limits,
    /** What one page may bring, and one read for the ring. */
    page: { entries: limits.pageEvents, bytes: limits.pageBytes },
    /** What one read for one stream may bring: a stalled reader has no more than this waiting. */
    slice: { entries: limits.pageEvents, bytes: SLICE_BYTES },
    /** Milliseconds. */
    heartbeat,
    /** What every stream begins with. */
    hello: { protocol: PROTOCOL_VERSION, heartbeat, contract: fingerprint(contract) },
    /** Milliseconds; null when that is up to the number of streams. */
    drain,
    trace: createTrace(options, clock),
    ring: new Ring(limits),
    /** What beginning to answer requests takes of a turn. */
    arrivals: new Turn(clock),
    /** Runs a read of the log for one reader when its turn comes. */
    reads: createGate(limits.catchUpReads, READ_TIME, clock),
    /** Aborted as soon as the hub is told to close. */
    closing: new AbortController(),
  };
}
