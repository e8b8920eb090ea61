export { systemClock } from "@tidings/protocol/clock";
export type { Clock } from "@tidings/protocol/clock";
export { createHub } from "./hub.ts";
export type { Hub, HubOn, HubStats, TransactionalHub } from "./hub.ts";
export type {
  ComingBody,
  ConnectionInfo,
  CorsOptions,
  Decision,
  Grant,
  HubOptions,
  HubRequest,
  KeepOption,
  Question,
  SnapshotLoader,
  Viewer,
} from "./hub-options.ts";
export { DEFAULT_LIMITS } from "./runtime/limits.ts";
export type { Limits } from "./runtime/limits.ts";
export type { LatestPublishOptions, Publication, Published, PublishOptions } from "./publish/publication.ts";
export { PublishError } from "./publish/publish-error.ts";
export type { PublishErrorCode } from "./publish/publish-error.ts";
export { LeaseError } from "./lease/lease-error.ts";
export type { LeaseErrorCode } from "./lease/lease-error.ts";
export type { LeaseOptions, Writer, WriterEnd } from "./lease/writer.ts";
export type { EventReader } from "./reader/event-reader.ts";
export type { ClearItem, EndItem, EventItem, GapItem, InvalidItem, ReaderItem } from "./reader/reader-item.ts";
export type { ReaderOptions } from "./reader/reader-options.ts";
export type { HubResponse, StreamResponse, WholeResponse } from "./request/response.ts";
export type { Selector } from "./rights/command.ts";
export type { Sink, StreamControl } from "./wire/sink.ts";
export type { TraceRecord } from "./runtime/trace.ts";
