/** What engines share whose storage is a server. */
export { KnownEpochs } from "./known-epochs.ts";
export type { KnownEpoch } from "./known-epochs.ts";
