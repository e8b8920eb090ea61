export { systemClock } from "@tidings/protocol/clock";
export type { Clock } from "@tidings/protocol/clock";
export { createHub } from "./hub.ts";
export type { Hub, HubOn, HubStats, TransactionalHub } from "./hub.ts";
export type {
  ConnectionInfo,
  CorsOptions,
  Decision,
  Grant,
  HubOptions,
  HubRequest,
  Question,
  SnapshotLoader,
  Viewer,
} from "./hub-options.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export type { Selector } from "./orders.ts";
export type { Publication, Published, PublishOptions } from "./publisher.ts";
export type { HubResponse, Sink, StreamControl, StreamResponse, WholeResponse } from "./sink.ts";
export type { TraceRecord } from "./trace.ts";
