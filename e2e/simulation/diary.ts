import type { Cleared, Gap, Reason } from "@tidings/client";
import type { AnyAddress } from "./contract.ts";
import type { Program } from "./programs.ts";
import type { Tick, Truth } from "./truth.ts";

/** What somebody was told of one place, and when. */
export type Seen = {
  readonly tick: Tick;
  readonly at: number;
  /** When it was written, as far as that is known: a loop may read long after it came. */
  readonly sentAt: number;
} & (
  | {
      readonly kind: "event";
      readonly n: number;
      readonly type: string;
      readonly id: string | null;
      readonly key: string;
    }
  | { readonly kind: "gap"; readonly gap: Gap }
  | { readonly kind: "state"; readonly said: readonly number[] }
  | { readonly kind: "cleared"; readonly cleared: Cleared }
  | { readonly kind: "live" }
  /** The same page is loaded again: it goes on, and has none of the values. */
  | { readonly kind: "reloaded" }
  /** Begins anew: with a page that was asked for at that tick, or with nothing. */
  | { readonly kind: "begins"; readonly from: Tick | null }
  | { readonly kind: "closed"; readonly reason: Reason }
);
type Noted = Seen extends infer One ? (One extends Seen ? Omit<One, "tick" | "at" | "sentAt"> : never) : never;

/** How somebody follows: by handlers, by a loop, or without our client. */
type Manner = "handlers" | "loop" | "plain";

/** An event as it is handed over. */
export interface Received {
  readonly type: string;
  readonly id: string | null;
  readonly data: { readonly n: number; readonly symbol?: string };
}

export interface DiaryWorld {
  readonly truth: Truth;
  readonly clock: { readonly time: number };
  readonly onViolation: (what: string) => void;
  onSeen(seen: Seen, diary: Diary): void;
}

/** Everything that a follower of one place was told, in order. */
export class Diary {
  readonly program: Program;
  readonly address: AnyAddress;
  readonly manner: Manner;
  readonly begun: Tick;
  readonly seen: Seen[] = [];
  isLive = false;
  isClosed = false;
  protected readonly world: DiaryWorld;

  constructor(world: DiaryWorld, program: Program, address: AnyAddress, manner: Manner) {
    this.world = world;
    this.program = program;
    this.address = address;
    this.manner = manner;
    this.begun = world.truth.next();
  }

  get isLoop(): boolean {
    return this.manner === "loop";
  }

  note(what: Noted): void {
    const { truth, clock } = this.world;
    // The same members, with three more.
    const seen = { ...what, tick: truth.next(), at: clock.time, sentAt: this.program.lastSentAt } as Seen;
    if (what.kind === "closed") this.isClosed = true;
    this.seen.push(seen);
    this.world.onSeen(seen, this);
  }

  noteEvent({ type, id, data }: Received): void {
    this.note({ kind: "event", n: data.n, type, id, key: data.symbol ?? "" });
  }

  setLive(isLive: boolean): void {
    if (isLive && !this.isLive) this.note({ kind: "live" });
    this.isLive = isLive;
  }

  toString(): string {
    const how = { handlers: "", loop: ", reading a loop", plain: ", without our client" };
    return `${this.program.viewer} at ${this.address.path}${how[this.manner]}`;
  }
}
