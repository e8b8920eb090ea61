import type { Cleared, Gap, Reason } from "@tidings/client";
import type { AnyAddress } from "./contract.ts";
import type { Tick } from "./fact.ts";
import type { Program } from "./program.ts";
import type { Truth } from "./truth.ts";

/** What was seen, of one kind. */
export type SeenOf<Kind extends Seen["kind"]> = Extract<Seen, { readonly kind: Kind }>;

/** Something that a follower of one address has seen, and when. */
export type Seen = {
  readonly tick: Tick;
  readonly at: number;
  /** When it was sent, as far as that is known: a loop may read an event long after it arrived. */
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
  /** The same web page is loaded again. It keeps its position and has no values. */
  | { readonly kind: "reloaded" }
  /** Begins anew: with a page of history that was requested at that tick, or with nothing. */
  | { readonly kind: "begins"; readonly from: Tick | null }
  | { readonly kind: "closed"; readonly reason: Reason }
);
type Noted = Seen extends infer One ? (One extends Seen ? Omit<One, "tick" | "at" | "sentAt"> : never) : never;

/** How a follower reads: by handlers, by a loop, or without our client. */
type Manner = "handlers" | "loop" | "plain";

/** An event as a handler gets it. */
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

/** Everything that a follower of one address has seen, in order. */
export class Diary {
  readonly program: Program;
  readonly address: AnyAddress;
  readonly manner: Manner;
  readonly begun: Tick;
  /** Milliseconds since the world began. */
  readonly begunAt: number;
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
    this.begunAt = world.clock.time;
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
