import { STREAM_HEADERS, type ParsedRequest } from "@tidings/protocol";
import type { HubRequest } from "../hub-options.ts";
import { findStartPosition, type PositionNeeds, type StartPosition } from "../position/start-position.ts";
import type { Admission } from "../request/admission.ts";
import { admit, type AdmitNeeds } from "../request/admit.ts";
import { askLog, type AskLogNeeds } from "../request/ask-log.ts";
import { longRetry } from "../request/refusal.ts";
import type { HubResponse } from "../request/response.ts";
import type { Commands } from "../rights/commands.ts";
import type { Rechecks } from "../rights/rechecks.ts";
import type { ConnectionNeeds } from "./connection-needs.ts";
import { Connection } from "./connection.ts";
import type { Displacement } from "./displacement.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { RetryDelays } from "./retry-delays.ts";
import type { Sink, StreamControl } from "../wire/sink.ts";

export interface StreamAnswerNeeds extends AdmitNeeds, AskLogNeeds, PositionNeeds {
  readonly admission: Pick<Admission, "exceeded">;
  readonly displacement: Displacement;
  readonly commands: Pick<Commands, "count" | "missedSince">;
  readonly rechecks: Pick<Rechecks, "ask">;
  readonly streams: Pick<OpenStreams, "add">;
  readonly retryDelays: Pick<RetryDelays, "whenDraining">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What each connection gets. */
  readonly connection: ConnectionNeeds;
}

/** Answers a request with a stream: who and what, from where, and then a connection. @throws Refusal */
export async function answerStream(
  needs: StreamAnswerNeeds,
  request: HubRequest,
  parsed: ParsedRequest,
): Promise<HubResponse> {
  const { commands, displacement } = needs;
  const commandCount = commands.count();
  const access = await admit(needs, request, parsed, (viewerId) => displacement.checkRoom(viewerId));
  if (request.method === "HEAD") return { status: 200, headers: STREAM_HEADERS, body: "" };
  const start = await askLog(needs, request, () => findStartPosition(needs, parsed, access, request));
  // Once more, since other requests may have taken the room while the log was read.
  displacement.checkRoom(access.viewerId);
  return { status: 200, headers: STREAM_HEADERS, open: (sink) => open(needs, sink, start, commandCount) };
}

/** @param commandCount how many commands had come when `authorize` was asked */
function open(needs: StreamAnswerNeeds, sink: Sink, start: StartPosition, commandCount: number): StreamControl {
  const connection = new Connection(needs.connection, sink, start);
  endUnlessAdmitted(needs, connection, start, commandCount);
  if (connection.isEnded) return connection;
  needs.streams.add(connection);
  const { viewerId, granted } = start.access;
  // Rights may have changed while the stream was opened. It writes nothing of the log until `authorize` has answered.
  if (needs.commands.missedSince(commandCount, viewerId, granted) !== "none") needs.rechecks.ask(connection, 0);
  connection.start();
  return connection;
}

/**
 * Ends a stream that may not begin after all: other streams were opened at the same moment, the hub was closed, or the
 * viewer was disconnected. Only now is it certain who came first. The client comes back, and is asked about again.
 */
function endUnlessAdmitted(
  needs: StreamAnswerNeeds,
  connection: Connection,
  { access: { viewerId, granted } }: StartPosition,
  commandCount: number,
): void {
  const { admission, clock, closing, commands, displacement, random, retryDelays } = needs;
  if (closing.aborted) return connection.endNow("draining", retryDelays.whenDraining()());
  const hasExpired = connection.lifetime.expiresAt <= clock.now();
  const isDisconnected = commands.missedSince(commandCount, viewerId, granted) === "disconnect";
  if (hasExpired || isDisconnected) return connection.endNow("expired");
  displacement.makeRoom(viewerId);
  if (admission.exceeded(viewerId) !== null) connection.endNow("limit", longRetry(random()));
}
