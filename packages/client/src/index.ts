export type { ClientOptions, Fetch } from "./options.ts";
export { createClient } from "./create-client.ts";
export type {
  Client,
  ClientSubscription,
  EventIterator,
  EventsOptions,
  History,
  HistoryOptions,
  ReachedOptions,
} from "./client.ts";
export { systemClock } from "@tidings/protocol/clock";
export type { Clock } from "@tidings/protocol/clock";
export type {
  Cleared,
  EndOf,
  EventOf,
  Gap,
  GapReason,
  Handler,
  Handlers,
  ReceivedEvent,
  SnapshotInfo,
  SubscribeOptions,
  UnreadableData,
} from "./handlers.ts";
export type { HeadersContext } from "./drive/credentials.ts";
export type { ServerContract } from "./drive/server-contract.ts";
export { runtimeNetwork } from "./drive/network.ts";
export type { Network } from "./drive/network.ts";
export type { Share } from "./share.ts";
export type { Degraded, Reason, Status, Watchable } from "./status.ts";
export { StreamError } from "./stream-error.ts";
export type { StreamErrorCode } from "./stream-error.ts";
export type { TraceRecord } from "./trace.ts";
