import type { NewEntry } from "@tidings/log";
import type * as openWriterModule from "../../../packages/server/src/lease/open-writer.ts";
import type * as surelyModule from "../../../packages/server/src/lease/append-surely.ts";
import type * as watchModule from "../../../packages/server/src/lease/lease-watch.ts";
import type * as writersModule from "../../../packages/server/src/lease/writers.ts";
import type { DirectedMutant } from "../../mutation/describe-hunt.ts";
import { replace, type Mutation, type Patch } from "../../mutation/mutation.ts";
import type { Subject } from "../stories/index.ts";

/** A hub that breaks a rule of docs/decisions/leases.md. */
export type Mutant = DirectedMutant<Subject>;

export const FOLDER = "packages/server/src/lease";

/** For one step inside of a class or a function, which has no seam. */
export const patch = (file: string, from: string, to: string): Patch => ({ file: `${FOLDER}/${file}.ts`, from, to });

type WritersNeeds = Parameters<typeof writersModule.createWriters>[0];

/** A hub whose writers have other needs. */
export const writersWith = (change: (needs: WritersNeeds) => Partial<WritersNeeds>): Mutation =>
  replace<typeof writersModule>(`${FOLDER}/writers.ts`, {
    createWriters: (createWriters) => (needs) => createWriters({ ...needs, ...change(needs) }),
  });

/** A hub whose writers append other batches. */
export const writersAppend = (change: (batch: readonly NewEntry[]) => readonly NewEntry[]): Mutation =>
  writersWith(({ publisher }) => ({ publisher: { appendAll: (batch) => publisher.appendAll(change(batch)) } }));

type WatchNeeds = Parameters<typeof watchModule.createLeaseWatch>[0];

/** A hub that watches leases with other needs. */
export const watchWith = (change: (needs: WatchNeeds) => Partial<WatchNeeds>): Mutation =>
  replace<typeof watchModule>(`${FOLDER}/lease-watch.ts`, {
    createLeaseWatch: (createLeaseWatch) => (needs) => createLeaseWatch({ ...needs, ...change(needs) }),
  });

/** A hub that watches leases and appends other batches for those that are silent. */
export const watchAppends = (change: (batch: readonly NewEntry[]) => readonly NewEntry[]): Mutation =>
  watchWith(({ publisher }) => ({ publisher: { appendAll: (batch) => publisher.appendAll(change(batch)) } }));

type OpenWriter = typeof openWriterModule.OpenWriter;

export const inOpenWriter = (change: (original: OpenWriter) => OpenWriter): Mutation =>
  replace<typeof openWriterModule>(`${FOLDER}/open-writer.ts`, { OpenWriter: change });

type AppendSurely = typeof surelyModule.appendSurely;

export const inAppendSurely = (change: (original: AppendSurely) => AppendSurely): Mutation =>
  replace<typeof surelyModule>(`${FOLDER}/append-surely.ts`, { appendSurely: change });

export function withoutCondition({ expects: _expects, ...entry }: NewEntry): NewEntry {
  return entry;
}

export function withoutKey({ idempotencyKey: _key, ...entry }: NewEntry): NewEntry {
  return entry;
}

/** Whether an entry takes a lease. */
export function isTaking({ expects }: NewEntry): boolean {
  return expects === null;
}

/** Whether an entry renews a lease. */
export function isRenewal({ expects, data }: NewEntry): boolean {
  return expects !== undefined && expects !== null && data !== null;
}

/** Whether an entry withdraws a lease, or a request to stop. */
export function isWithdrawal({ data }: NewEntry): boolean {
  return data === null;
}
