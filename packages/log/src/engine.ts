/** What engines share. Each takes what it needs; README.md says how they fit together. */
export { AppendQueue } from "./engine/append-queue.ts";
export type { PendingAppend } from "./engine/append-queue.ts";
export { isCertificateError } from "./engine/certificate-error.ts";
export { composeLog, composeTransactionalLog } from "./engine/compose-log.ts";
export type { LogParts } from "./engine/compose-log.ts";
export { Doorbell, POLL_INTERVAL } from "./engine/doorbell.ts";
export type { BellConnection, DoorbellNeeds } from "./engine/doorbell.ts";
export { encodeRules } from "./engine/encode-rules.ts";
export { EpochTable } from "./engine/epoch-table.ts";
export type { KnownEpoch } from "./engine/epoch-table.ts";
export { GroupCommit } from "./engine/group-commit.ts";
export { KnownEpochs } from "./engine/known-epochs.ts";
export { entryAt, fillPage, refusedPage } from "./engine/page.ts";
export { PendingHeads } from "./engine/pending-heads.ts";
export { toInteger } from "./engine/to-integer.ts";
export { Watchers } from "./engine/watchers.ts";
export { wrapLog } from "./engine/wrap-log.ts";
export { sleep } from "@tidings/protocol/clock";
