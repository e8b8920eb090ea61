import { fingerprint, type Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { PROTOCOL_VERSION, type Cursor } from "@tidings/protocol";
import { composeRequests } from "./compose-requests.ts";
import { composeSnapshots } from "./compose-snapshots.ts";
import type { HubOptions, HubRequest, Viewer } from "./hub-options.ts";
import { createLeaseWatch } from "./lease/lease-watch.ts";
import { createWriters, type Writers } from "./lease/writers.ts";
import { createEncoders } from "./publish/new-entry.ts";
import { createPublisher, type Publisher } from "./publish/publisher.ts";
import { createEventReaders, type EventReaders } from "./reader/event-reader.ts";
import { createAdmission } from "./request/admission.ts";
import { createHosts } from "./request/hosts.ts";
import { createOriginPolicy, createPreflightHeaders } from "./request/origin.ts";
import type { HubResponse } from "./request/response.ts";
import { createAddresses } from "./rights/addresses.ts";
import { createCommands, type Commands } from "./rights/commands.ts";
import { createRechecks } from "./rights/rechecks.ts";
import { createHooks } from "./runtime/hooks.ts";
import { warnOfSeparateLogs } from "./runtime/cluster.ts";
import { createKeepRules } from "./runtime/keep-rules.ts";
import { READ_TIME } from "./runtime/limits.ts";
import { applyRetention } from "./runtime/retention.ts";
import { createReadQueue } from "./runtime/read-queue.ts";
import { createTrace } from "./runtime/trace.ts";
import { TurnQueue } from "./runtime/turn-queue.ts";
import { checkSettings } from "./settings.ts";
import { createFollowers, type Followers } from "./stream/followers.ts";
import { keepTime } from "./stream/heartbeats.ts";
import { createOpenStreams, type OpenStreams } from "./stream/open-streams.ts";
import type { PumpNeeds } from "./stream/pump-needs.ts";
import { createRetryDelays, type RetryDelays } from "./stream/retry-delays.ts";
import { createWakeQueue } from "./stream/wake-queue.ts";
import { Ring } from "./window/ring.ts";
import { SharedPages } from "./window/shared-pages.ts";
import { createRecentHeads } from "./window/recent-heads.ts";
import { createTailer, type Tailer } from "./window/tailer.ts";

/** How long writers may take to end when the hub closes, if no `drain` is given, in milliseconds. */
const CLOSING_TIME = 5_000;

/** The parts of a hub that the hub itself talks to. */
export interface HubParts {
  readonly log: EventLog;
  readonly ring: { readonly head: Cursor; readonly size: { readonly entries: number; readonly bytes: number } };
  readonly publisher: Publisher;
  readonly eventReaders: EventReaders;
  readonly commands: Pick<Commands, "entry">;
  readonly writers: Writers;
  readonly tailer: Tailer;
  readonly streams: OpenStreams;
  readonly byes: Pick<TurnQueue, "rest">;
  readonly followers: Pick<Followers, "size" | "wakeAll">;
  readonly retryDelays: Pick<RetryDelays, "whenDraining">;
  /** Aborted as soon as the hub is told to close. */
  readonly closing: AbortController;
  handle(request: HubRequest): Promise<HubResponse>;
  /** Starts what runs until the hub closes: heartbeats, retention, and the first read of the log. */
  start(): void;
}

/**
 * Makes the parts of a hub and gives each what it needs. This is the only place that knows all of them.
 *
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 * @throws TypeError for options that are unknown, of another type, out of range or contradict each other, and for a
 *   snapshot without a loader
 */
export function compose(contract: Contract, options: HubOptions<Contract, Viewer>): HubParts {
  const settings = checkSettings(contract, options);
  const { clock, random, heartbeat, drain, publishTimeout, limits, pageLimit, streamReadLimit } = settings;
  const { log } = options;
  const encoders = createEncoders(contract);
  const addresses = createAddresses({ contract, clock });
  const hello = { protocol: PROTOCOL_VERSION, heartbeat, contract: fingerprint(contract) };
  const hosts = createHosts(options.hosts);
  const preflightHeaders = createPreflightHeaders(options.cors);
  const keepRules = createKeepRules(contract, options.keep);

  // What all stages run on. All options are checked before the tailer begins to listen to the log.
  const controller = new AbortController();
  const closing = controller.signal;
  const trace = createTrace(options, clock);
  const originPolicy = createOriginPolicy({ hosts, trace }, options.cors);
  const hooks = createHooks(options, trace);
  const reads = createReadQueue({ concurrency: limits.catchUpReads, timeLimit: READ_TIME, clock });
  const turns = new TurnQueue(clock);

  // The way of an event: published, read into the ring, written to the streams that follow its path.
  const publisher = createPublisher({ contract, encoders, limits, log, trace, clock, publishTimeout });
  const ring = new Ring(limits);
  const wakeQueue = createWakeQueue({ clock, ring });
  const followers = createFollowers({ wakeQueue });
  const admission = createAdmission({ limits, closing });
  const streams = createOpenStreams({ admission, hooks, trace });
  const rechecks = createRechecks({ addresses, hooks, clock, trace });
  const commands = createCommands({ contract, streams, followers, rechecks, random });
  const recentHeads = createRecentHeads(clock);
  const snapshots = composeSnapshots({ contract, settings, log, reads, recentHeads, hooks, trace });
  // The tailer is made later, since it needs those who follow it.
  const ready = () => tailer.ready();
  const writers = createWriters({
    contract,
    encoders,
    limits,
    log,
    reads,
    publisher,
    ready,
    clock,
    random,
    closing,
    closingTime: drain ?? CLOSING_TIME,
  });
  const leases = createLeaseWatch({ log, publisher, writers, ready, clock, random, trace, closing });
  const tailer: Tailer = createTailer({
    log,
    ring,
    recentHeads,
    followers,
    commands,
    leases,
    clock,
    trace,
    closing,
    readLimit: pageLimit,
  });

  // What both the streams and the loops of the application read with. It is written out: the compiler then refuses what
  // the pump does not declare.
  const pages = new SharedPages({ log, ring, clock, closing, limit: streamReadLimit });
  const pump = { log, pages, reads, streamReadLimit, ring, wakeQueue, followers, clock } satisfies PumpNeeds;
  const eventReaders = createEventReaders({ ...pump, log, contract, tailer, trace, closing });

  const retryDelays = createRetryDelays({ streams, drain, random });
  const handle = composeRequests({
    contract,
    settings,
    hello,
    hosts,
    originPolicy,
    preflightHeaders,
    log,
    hooks,
    trace,
    addresses,
    admission,
    streams,
    retryDelays,
    rechecks,
    commands,
    tailer,
    snapshots,
    pump,
    turns,
    closing,
  });

  return {
    log,
    ring,
    publisher,
    eventReaders,
    commands,
    writers,
    tailer,
    streams,
    byes: turns,
    followers,
    retryDelays,
    closing: controller,
    handle,
    start() {
      warnOfSeparateLogs({ log, trace });
      void keepTime({ streams, turns, ring, clock, heartbeat, closing });
      void applyRetention({ log, keepRules, tailer, clock, trace, closing });
      // When the log does not answer yet, the first request asks it again.
      void trace.guard("read-failed", () => tailer.ready());
      leases.start();
    },
  };
}
