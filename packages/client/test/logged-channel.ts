import { createMachine, type Machine } from "../src/drive/machine.ts";
import type { Item } from "../src/state/item.ts";
import type { Ending } from "../src/state/ending.ts";
import { toPosition, type Position } from "../src/state/position.ts";
import {
  initialState,
  statusOf,
  type ChannelPosition,
  type UnpackedPage,
  type PageWish,
  type SubscriptionEffects,
  type SubscriptionInputs,
  type SubscriptionState,
  type Traits,
} from "../src/state/subscription-state.ts";
import type { transition } from "../src/state/subscription-table.ts";
import { CONNECTING, LIVE, type Retrying, type Status } from "../src/status.ts";
import { assertLaw, assertSame } from "./model.ts";
import { OwedConsumer } from "./owed-consumer.ts";

const failureFor = ({ reason }: Ending): Retrying => ({ state: "retrying", reason, since: 3, at: 7 });

const at = (seq: number): Position => {
  const position = toPosition(`e.${seq}`);
  if (position === null) throw new Error("Expected a position.");
  return position;
};

/** A page that was asked for, and what the log had then. */
interface AskedPage {
  readonly wish: PageWish;
  readonly head: number;
  readonly trimmed: number;
}

/**
 * A channel in a log, with one stream, and a consumer that knows what it is owed. It carries out what the table of a
 * subscription asks for, as drive/subscription.ts does.
 */
export class LoggedChannel {
  /** Whether the entry with the next number is one of the channel. */
  readonly entries: boolean[] = [];
  /** Up to here, the entries are gone. */
  trimmed = 0;
  now = 0;
  isConnected = true;
  /** Up to here, the stream has read the log. */
  #read = 0;
  /** The last id that it has brought. */
  #handled = 0;
  #carried = 0;
  /** How far it has come with the channel. Null while nobody knows. */
  #reached: number | null = null;
  #isBehindGap = false;
  /** The pages that were asked for, and have not come. */
  readonly pages = new Set<AskedPage>();
  isPausing = false;
  /** Why the last page has failed. Null when one has come since. */
  #failure: Retrying | null = null;
  readonly consumer: OwedConsumer;
  #ends = 0;
  #arriving: AskedPage | null = null;
  readonly #machine: Machine<SubscriptionState, SubscriptionInputs>;

  constructor(table: typeof transition, traits: Traits) {
    this.consumer = new OwedConsumer(traits.wantsState, (after, upTo) => this.#own(after, upTo));
    this.#machine = createMachine<SubscriptionState, SubscriptionInputs, SubscriptionEffects, ChannelPosition>(
      initialState(null, traits),
      table,
      () => ({
        stream: { handled: at(this.#handled), carried: at(this.#carried) },
        reached: this.#reached === null ? null : at(this.#reached),
      }),
      (state) => {
        if (state.kind !== "closed" && state.cursor) this.consumer.begin(state.cursor.seq);
      },
      {
        load: (wish) => this.#load(wish),
        unpack: (delivery) => this.#unpack(delivery),
        offer: (item) => this.input("answer", { item, isTaken: this.consumer.take(item, this.trimmed) }),
        plan: ({ ending, attempts }) => this.#plan(ending, attempts),
        wait: () => {
          this.isPausing = true;
          return () => {
            this.isPausing = false;
          };
        },
        gap: () => this.consumer.noteGap(),
        end: () => {
          this.#ends += 1;
        },
      },
    );
    this.input("room", null);
    this.input("start", null);
  }

  get input(): Machine<SubscriptionState, SubscriptionInputs>["input"] {
    return this.#machine.input;
  }

  get status(): Status {
    return statusOf(this.#machine.state, this.#connection);
  }

  get #connection(): Status {
    return this.isConnected ? LIVE : failureFor({ reason: "network" });
  }

  #own(after: number, upTo: number): number[] {
    return this.entries.flatMap((isOwn, index) => (isOwn && index >= after && index < upTo ? [index + 1] : []));
  }

  // ---- the stream ---------------------------------------------------------------------------------------------------

  /** The stream brings the next entry, or says that it is lost. */
  carry(): void {
    if (this.#own(this.#read, this.trimmed).length > 0) {
      this.#read = this.trimmed;
      this.#reached = null;
      this.#isBehindGap = true;
      this.input("gap", { reason: "trimmed", next: null, now: this.now });
    } else if (this.#read < this.entries.length) {
      this.#read = Math.max(this.#read, this.trimmed - 1) + 1;
      this.#carried = this.#read;
      if (this.entries[this.#read - 1]) {
        if (this.#reached !== null || this.#isBehindGap) this.#reached = this.#read;
        this.#isBehindGap = false;
        this.input("item", itemAt(this.#read));
      }
      this.#handled = this.#read;
      if (this.#reached === null && !this.#isBehindGap) this.#reach();
    }
  }

  /** The stream says where it is, when there is nothing else to say. */
  beat(): void {
    if (this.#own(this.#read, this.entries.length).length === 0) {
      this.#read = this.entries.length;
      this.#handled = this.#read;
      this.#carried = this.#read;
      this.#reach();
    }
  }

  #reach(): void {
    this.#reached = this.#handled;
    this.#isBehindGap = false;
    this.input("start", null);
  }

  disconnect(): void {
    this.isConnected = false;
    this.input("connection", this.#connection);
  }

  /** The stream goes on from the last id. */
  connect(): void {
    this.isConnected = true;
    this.#read = this.#handled;
    if (this.#isBehindGap) this.#reached = this.#handled;
    this.#isBehindGap = false;
    this.input("connection", this.#connection);
    const isOutage = this.#failure?.reason === "network";
    assertLaw("nobody waits when the network is back", !this.isPausing || !isOutage);
  }

  /** Another stream follows the channel from now on. */
  moveToOtherStream(): void {
    this.input("moved", null);
    this.#read = this.entries.length;
    this.#handled = this.#read;
    this.#carried = this.#read;
    this.#reached = null;
    this.#isBehindGap = false;
  }

  // ---- pages --------------------------------------------------------------------------------------------------------

  #load(wish: PageWish): () => void {
    const page = { wish, head: this.entries.length, trimmed: this.trimmed };
    this.pages.add(page);
    return () => this.pages.delete(page);
  }

  /** @param isOld whether it was read when it was asked for, and has been under way since */
  bringPage(size: number, isOld: boolean): void {
    const [asked] = this.pages;
    if (!asked) return;
    const page = isOld ? asked : { wish: asked.wish, head: this.entries.length, trimmed: this.trimmed };
    const { wish, head, trimmed } = page;
    const token = wish.after ?? wish.start;
    const from = token === "now" ? head : (toPosition(token)?.seq ?? 0);
    const owed = this.#own(Math.max(from, trimmed), head);
    const brought = owed.slice(0, size);
    const more = owed.length > brought.length;
    const isLost = this.#own(from, trimmed).length > 0;
    this.#arriving = page;
    this.#failure = null;
    this.input("page", {
      now: this.now,
      body: {
        events: brought.map((seq) => ({ channel: "c", type: "t", data: null, id: at(seq).token })),
        cursor: at(more ? (brought.at(-1) ?? head) : head).token,
        more,
        ...(isLost && { gap: { channels: { c: "trimmed" } } }),
      },
    });
  }

  #unpack(delivery: UnpackedPage): void {
    const { cursor, events } = delivery.body;
    const state: Item = { kind: "state", position: null, state: null, cursor };
    const items = events.map(({ id }) => itemAt(toPosition(id)?.seq ?? 0));
    for (const item of this.#arriving?.wish.snapshot ? [state, ...items] : items) {
      this.input("item", item);
      if (this.#machine.state.kind !== "delivering") return;
    }
    this.input("pageEnd", delivery);
  }

  #plan(ending: Ending, attempts: SubscriptionInputs["retry"]["attempts"]): void {
    if (ending.reason === "forbidden" || ending.reason === "gap-loop") return this.input("close", ending);
    this.#failure = failureFor(ending);
    this.input("retry", { attempts, lastFailure: this.#failure });
  }

  // ---- what holds ---------------------------------------------------------------------------------------------------

  /** It has the page that it asks for, says how it is, and has ended once at most. */
  expectTruth(): void {
    const { state } = this.#machine;
    const { kind } = state;
    assertSame("how often it has ended", this.#ends, kind === "closed" ? 1 : 0);
    assertSame("how many pages it has asked for", this.pages.size, kind === "loading" ? 1 : 0);
    assertSame("whether it pauses", this.isPausing, kind === "retrying");
    assertLaw("a failure is followed by a pause or the end", kind !== "failed");
    assertLaw("after a page it goes on", kind !== "delivering");
    if (kind === "closed") {
      assertSame("its status", this.status.state, "closed");
      return;
    }
    const isOwnStatus = this.isConnected || this.#failure?.reason === "unknown";
    const works = state.cursor && kind !== "waiting" ? LIVE : CONNECTING;
    assertSame("its status", this.status, isOwnStatus ? (this.#failure ?? works) : this.#connection);
  }

  #isSettled(): boolean {
    const { kind } = this.#machine.state;
    return kind === "closed" || (kind === "joined" && this.#handled === this.entries.length);
  }

  /** When nothing fails any more, it joins the stream, and its consumer has everything. */
  settle(): void {
    this.connect();
    for (let turn = 0; turn < 300 && !this.#isSettled(); turn += 1) {
      this.consumer.room = 9;
      this.input("room", null);
      if (this.isPausing) this.input("due", null);
      this.bringPage(9, false);
      this.carry();
      this.beat();
    }
    this.expectTruth();
    const { state } = this.#machine;
    if (state.kind === "closed") return;
    assertSame("its state in the end", state.kind, "joined");
    this.consumer.expectAll(this.entries.length, this.trimmed);
  }
}

function itemAt(seq: number): Item {
  const position = at(seq);
  return {
    kind: "event",
    position,
    event: { channel: "c", type: "t", data: null, id: position.token },
    isVolatile: false,
  };
}
