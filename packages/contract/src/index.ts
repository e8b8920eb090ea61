export { channel } from "./channel.ts";
export type { Address, Channel, ChannelDefinition, ChannelOptions, ParamsOf, Unreadable } from "./channel.ts";
export { ContractError } from "./contract-error.ts";
export type { ContractErrorCode } from "./contract-error.ts";
export { defineContract, findEnd, findEvent, parseAddress } from "./contract.ts";
export type {
  AddressOf,
  AnyChannel,
  ChannelName,
  Contract,
  EndData,
  EndName,
  EventData,
  EventType,
  LatestType,
  SnapshotName,
  SnapshotState,
} from "./contract.ts";
export { decode } from "./decode.ts";
export { latest, volatile } from "./event.ts";
export type { DataOf, EventDefinition, EventDefinitions, LatestOptions, ModeOf, Schema } from "./event.ts";
export { fingerprint } from "./fingerprint.ts";
export { isCanonicalPath, MAX_PATH } from "./path.ts";
export type { Params } from "./path.ts";
