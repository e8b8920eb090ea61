export { createPresence } from "./presence/create-presence.ts";
export type { PeopleName, Presence, PresenceOptions, ServersName, StateOf } from "./presence/create-presence.ts";
export type { VisitingStream } from "./presence/all-places.ts";
