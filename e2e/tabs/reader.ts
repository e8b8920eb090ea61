import type { AddressOf } from "@tidings/contract";
import type { FakeTab } from "./fake-tab.ts";
import type { PublishedList } from "./oracle.ts";
import type { AnyAddress, contract } from "./contract.ts";

/**
 * What one subscription of one tab was told. It knows what was published, and throws as soon as it is told anything
 * that breaks a promise.
 */
export class Reader {
  readonly tab: FakeTab<typeof contract>;
  readonly path: string;
  readonly #list: PublishedList;
  readonly #now: () => number;
  /** The number of the first event that it has to get. Null before it was live. */
  #owed: number | null = null;
  /** The number of the event that it got last. */
  #last: number | null = null;
  /** Whether a gap was told since the last event. */
  #hasGap = false;
  #isClosed = false;
  faults: string[] = [];
  readonly #close: () => void;

  constructor(tab: FakeTab<typeof contract>, address: AnyAddress, list: PublishedList, now: () => number) {
    this.tab = tab;
    this.path = address.path;
    this.#list = list;
    this.#now = now;
    const subscription = tab.client.subscribe(
      // Both channels have the same events.
      address as AddressOf<typeof contract, "room">,
      {
        message: ({ number }) => this.#onMessage(number),
        onGap: ({ reason }) => this.#onGap(reason),
        onClose: () => {
          this.#isClosed = true;
        },
      },
    );
    this.#close = () => subscription.close();
    const onStatus = (): void => {
      if (subscription.status.value.state === "live") this.#owed ??= list.next;
    };
    subscription.status.subscribe(onStatus);
    onStatus();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#close();
  }

  /** After everything has come to rest: is anything missing? */
  check(): void {
    const { isDead } = this.tab;
    if (isDead || this.#isClosed) return;
    this.#expect(this.#owed !== null, "no connection");
    const newest = this.#list.next - 1;
    const seen = `event ${String(this.#last)} as the last one, not ${newest}`;
    this.#expect(this.#last === newest, seen);
  }

  #onMessage(number: number): void {
    this.#expect(this.#last === null || number > this.#last, `event ${number} after ${String(this.#last)}`);
    const due = this.#last === null ? this.#owed : this.#last + 1;
    this.#expect(
      this.#hasGap || due === null || number <= due,
      `event ${number} instead of ${String(due)}, without a gap`,
    );
    this.#last = number;
    this.#hasGap = false;
  }

  #onGap(reason: string): void {
    // A log that was replaced names every channel, also those that have lost nothing. With `trimmed`, the stream may
    // have lost what a page of the subscription has brought.
    this.#expect(reason !== "trimmed" || this.#list.hasLoss, "a gap where nothing is gone");
    this.#hasGap = true;
  }

  #expect(isTrue: boolean, got: string): void {
    if (!isTrue) this.faults.push(`${this.tab.viewer} ${this.path}: got ${got} at ${this.#now() % 1e8}`);
  }
}
