import type { Contract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import type { ParsedRequest } from "@tidings/protocol";
import type { HubRequest } from "./hub-options.ts";
import { answerPage, type PageAnswerNeeds } from "./page/answer-page.ts";
import type { Snapshots } from "./page/snapshots.ts";
import { createAdmission, type Admission } from "./request/admission.ts";
import { createBodies } from "./request/bodies.ts";
import type { Hosts } from "./request/hosts.ts";
import type { OriginPolicy } from "./request/origin.ts";
import { handleRequest } from "./request/request-handler.ts";
import type { HubResponse } from "./request/response.ts";
import type { Addresses } from "./rights/addresses.ts";
import type { Commands } from "./rights/commands.ts";
import type { Rechecks } from "./rights/rechecks.ts";
import type { Hooks } from "./runtime/hooks.ts";
import { createRefusals } from "./runtime/refusals.ts";
import type { Trace } from "./runtime/trace.ts";
import { TurnBudget } from "./runtime/turn-budget.ts";
import type { TurnQueue } from "./runtime/turn-queue.ts";
import type { Settings } from "./settings.ts";
import { answerStream, type StreamAnswerNeeds } from "./stream/answer-stream.ts";
import type { ConnectionNeeds } from "./stream/connection-needs.ts";
import { createDisplacement } from "./stream/displacement.ts";
import type { OpenStreams } from "./stream/open-streams.ts";
import type { PumpNeeds } from "./stream/pump-needs.ts";
import type { RetryDelays } from "./stream/retry-delays.ts";
import { createUnreadAnswers } from "./unread/unread-answers.ts";
import type { Tailer } from "./window/tailer.ts";

/** The parts of a hub that requests share with the way of an event. */
interface RequestNeeds {
  readonly contract: Contract;
  readonly settings: Settings;
  /** What each stream says first. */
  readonly hello: ConnectionNeeds["hello"];
  readonly hosts: Hosts;
  readonly originPolicy: OriginPolicy;
  /** The answer to a preflight. */
  readonly preflightHeaders: Readonly<Record<string, string>>;
  readonly log: EventLog;
  readonly hooks: Hooks;
  readonly trace: Trace;
  readonly addresses: Addresses;
  readonly admission: Admission;
  readonly streams: OpenStreams;
  readonly retryDelays: RetryDelays;
  readonly rechecks: Rechecks;
  readonly commands: Commands;
  readonly tailer: Tailer;
  readonly snapshots: Snapshots;
  /** What a stream reads with, and a page reads the log and the ring with. */
  readonly pump: PumpNeeds & Pick<PageAnswerNeeds, "ring" | "followers">;
  /** Where streams and unread answers wait for their turn to end. */
  readonly turns: TurnQueue;
  readonly closing: AbortSignal;
}

/**
 * Makes the parts of the way of a request, which is checked, admitted, given a position, and answered with a stream or
 * a page. The needs of each part are written out: the compiler then refuses what a part does not declare.
 */
export function composeRequests(needs: RequestNeeds): (request: HubRequest) => Promise<HubResponse> {
  const { contract, settings, hello, hosts, originPolicy, preflightHeaders, log, hooks, trace, addresses } = needs;
  const { admission, streams, retryDelays, rechecks, commands, tailer, snapshots, pump, turns, closing } = needs;
  const { clock, random, heartbeat, limits, pageLimit } = settings;
  const { reads, ring, followers } = pump;

  const refusals = createRefusals({ clock, trace });
  const unread = createUnreadAnswers(clock, turns);
  const displacement = createDisplacement({ admission, streams, retryDelays, closing });
  const pageAdmission = createAdmission({ limits, closing });

  const connection: ConnectionNeeds = {
    ...pump,
    retryDelays,
    streams,
    byes: turns,
    limits,
    heartbeat,
    hello,
    random,
    trace,
  };
  const streamNeeds: StreamAnswerNeeds = {
    contract,
    addresses,
    hooks,
    refusals,
    admission,
    displacement,
    commands,
    tailer,
    log,
    reads,
    ring,
    rechecks,
    streams,
    retryDelays,
    connection,
    clock,
    random,
    trace,
    closing,
  };
  const pageNeeds: PageAnswerNeeds = {
    contract,
    addresses,
    hooks,
    refusals,
    admission,
    displacement,
    pageAdmission,
    unread,
    commands,
    tailer,
    log,
    reads,
    ring,
    followers,
    snapshots,
    limits,
    pageLimit,
    clock,
    trace,
    closing,
  };
  const handlerNeeds = {
    hosts,
    originPolicy,
    preflightHeaders,
    limits,
    bodies: createBodies(clock),
    arrivals: new TurnBudget(clock),
    unread,
    trace,
    refusals,
    random,
    closing,
    answerStream: (request: HubRequest, parsed: ParsedRequest) => answerStream(streamNeeds, request, parsed),
    answerPage: (request: HubRequest, parsed: ParsedRequest) => answerPage(pageNeeds, request, parsed),
    noteFailure: (error: unknown) => trace.add("error", "request-failed", { error }),
  };
  return (request) => handleRequest(handlerNeeds, request);
}
