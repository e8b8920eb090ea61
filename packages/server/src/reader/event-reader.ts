import type { Address, ChannelName, Contract } from "@tidings/contract";
import type { Cursor } from "@tidings/protocol";
import { addressOf } from "../publish/check-address.ts";
import { readHead } from "../runtime/read-head.ts";
import type { AnyItem } from "./read-item.ts";
import type { ReaderItem } from "./reader-item.ts";
import { checkReaderOptions, parseAfter, type ReaderOptions } from "./reader-options.ts";
import { Reader, type ReaderNeeds } from "./reader.ts";

/** A loop over the events of some addresses: what `hub.events` returns. */
// Before TypeScript 5.6, `AsyncIterableIterator` has no type of the last value.
export interface EventReader<C extends Contract, Name extends ChannelName<C>> extends AsyncIterator<
  ReaderItem<C, Name>,
  undefined
> {
  [Symbol.asyncIterator](): EventReader<C, Name>;
  /**
   * The position up to which the loop has got everything. It also moves on when nothing comes for these addresses.
   * Null until the log has answered for the first time, if `after` was no cursor.
   */
  readonly cursor: string | null;
}

/** The same over any channels. */
interface AnyReader extends AsyncIterator<AnyItem, undefined> {
  [Symbol.asyncIterator](): AnyReader;
  readonly cursor: string | null;
}

/** Opens loops of the application over the log. */
export interface EventReaders {
  /**
   * @throws ContractError `unknown-channel` for an address that is not of this contract
   * @throws TypeError for an empty list, for an unknown option, and for an `after` that is not a cursor
   */
  open(addresses: Address | readonly Address[], options?: ReaderOptions): AnyReader;
}

export function createEventReaders(needs: Omit<ReaderNeeds, "readers">): EventReaders {
  const readers = new Set<Reader>();
  needs.closing.addEventListener("abort", () => {
    for (const reader of [...readers]) reader.end();
  });

  return {
    open(addresses, options = {}) {
      checkReaderOptions(options);
      const { after, signal } = options;
      const byPath = addressesByPath(needs.contract, addresses);
      const start = { find: startFinder(needs, after), cursor: after ?? null, isNew: after === undefined, signal };
      return loopOf(new Reader({ ...needs, readers }, byPath, start));
    },
  };
}

/** The iterator of a reader. */
function loopOf(reader: Reader): AnyReader {
  let last: Promise<unknown> = Promise.resolve();
  const loop: AnyReader = {
    get cursor() {
      return reader.cursor;
    },
    [Symbol.asyncIterator]: () => loop,
    /** First come, first served. */
    next() {
      const next = last.then(async () => resultOf(await reader.next()));
      last = next;
      return next;
    },
    async return() {
      reader.end();
      return resultOf(null);
    },
  };
  return loop;
}

function resultOf(item: AnyItem | null): IteratorResult<AnyItem, undefined> {
  return item === null ? { done: true, value: undefined } : { done: false, value: item };
}

/** Says where a reader begins. */
function startFinder(
  needs: Pick<ReaderNeeds, "log" | "clock">,
  after: string | null | undefined,
): () => Promise<Cursor> {
  if (after === undefined) return fromNowOn(needs);
  if (after === null) return async () => ({ epoch: (await readHead(needs)).epoch, seq: 0 });
  const cursor = parseAfter(after);
  return async () => cursor;
}

/** Asks for the head at once: what is published after the call must come, even if the loop begins later. */
function fromNowOn(needs: Pick<ReaderNeeds, "log" | "clock">): () => Promise<Cursor> {
  let headOfCall: Promise<Cursor> | null = readHead(needs);
  // The loop reports it.
  headOfCall.catch(() => {});
  return () => {
    const head = headOfCall ?? readHead(needs);
    headOfCall = null;
    return head;
  };
}

function addressesByPath(contract: Contract, given: Address | readonly Address[]): ReadonlyMap<string, Address> {
  const addresses = Array.isArray(given) ? (given as readonly Address[]) : [given as Address];
  if (addresses.length === 0) throw new TypeError("Expected an address, or a list of addresses, in events, got none.");
  const found = addresses.map((address) => addressOf(contract, address));
  return new Map(found.map((address) => [address.path, address]));
}
