import type { EventLog } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { findEnds, type EndNeeds } from "../position/find-ends.ts";
import { PublishError } from "../publish/publish-error.ts";
import { readHead } from "../runtime/read-head.ts";
import { hubCloses } from "./lease-error.ts";

export interface AddressCheckNeeds extends EndNeeds {
  readonly clock: Pick<Clock, "setTimeout">;
  readonly log: EndNeeds["log"] & Pick<EventLog, "head">;
  /** Resolves when new entries of the log are followed. */
  readonly ready: () => Promise<void>;
  /** Aborted as soon as the hub is told to close. */
  readonly closing: AbortSignal;
}

/** What is read at once to find the end of an address. */
const PAGE = { entries: 100, bytes: 1_000_000 };

/** Looks in the log, before a lease is taken, whether somebody can write to its address. */
export class AddressCheck {
  readonly #needs: AddressCheckNeeds;

  constructor(needs: AddressCheckNeeds) {
    this.#needs = needs;
  }

  /** Where the log stands now. @throws LeaseError `closing`, and what comes of a log that does not answer */
  async position(path: string): Promise<Cursor> {
    // A hub that does not follow the log would hear of no request to stop.
    const reading = Promise.all([readHead(this.#needs), this.#needs.ready()]);
    const [position] = await this.#unlessClosing(path, reading);
    return position;
  }

  /** @throws PublishError `ended` @throws LeaseError `closing` */
  async refuseEnded(path: string): Promise<void> {
    const finding = findEnds(this.#needs, [path], PAGE, this.#needs.closing);
    const [end] = await this.#unlessClosing(path, finding);
    if (end === undefined) return;
    const id = formatCursor(end);
    const wrong = `Expected ${path} to go on, got its end at ${id}; nobody can write to it any more`;
    throw new PublishError("ended", `${wrong}.`, id);
  }

  /** @throws LeaseError `closing` in place of what comes of it */
  #unlessClosing<Result>(path: string, promise: Promise<Result>): Promise<Result> {
    return promise.catch((error: unknown) => {
      throw this.#needs.closing.aborted ? hubCloses({ path }) : error;
    });
  }
}
