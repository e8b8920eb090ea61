export { createPresence } from "./presence/create-presence.ts";
export type {
  CountName,
  Followed,
  PeopleName,
  PersonOf,
  Presence,
  PresenceOptions,
  ServersName,
} from "./presence/create-presence.ts";
export type { PeopleHandlers } from "./presence/people-changes.ts";
export type { Person } from "@tidings/contract/presence";
