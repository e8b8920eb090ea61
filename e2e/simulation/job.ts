import type { EventReader } from "@tidings/server";
import type { Actor, ActorWorld } from "./actor.ts";
import { judgeJob, type Addresses, type Done, type Item } from "./job-oracle.ts";
import { contract, feeds, rooms } from "./contract.ts";
import type { Random } from "./random.ts";
import type { Server } from "./server.ts";

type Reader = EventReader<typeof contract, Addresses["name"]>;

/** How often it looks whether its server is still there, in milliseconds. */
const LOOK = 500;
/** The most milliseconds that it works at an item. */
const WORK = 300;

/**
 * A job of the application: it follows several addresses with `hub.events`. It keeps what it has done and its cursor in
 * one transaction. So whenever it dies, it goes on from there, on whatever server there is.
 */
export class Job implements Actor {
  readonly addresses: readonly Addresses[] = [rooms[0], feeds[0], contract.inbox({ user: "u0" })];
  /** Its database: what it has done. */
  readonly done: Done[] = [];
  readonly #world: ActorWorld;
  readonly #random: Random;
  /** Its database: where it goes on. */
  #cursor: string | null = null;
  #reader: Reader | null = null;
  #server: Server | null = null;
  #isWorking = false;
  #cancelLook = (): void => {};

  constructor(world: ActorWorld, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#begin();
    this.#look();
  }

  /** That it goes on at once, the oracle sees of other readers. */
  async prove(): Promise<void> {}

  judge(): string | null {
    return judgeJob(this.#world.truth, this);
  }

  toString(): string {
    return "the job";
  }

  leave(): void {
    this.#cancelLook();
    this.#drop();
  }

  /** Whether it has done the newest event of each of its addresses, or has met a gap instead. */
  get isDone(): boolean {
    const { truth } = this.#world;
    return this.addresses.every(({ path }) => {
      const newest = truth.reliableOf(path).at(-1);
      if (newest === undefined || newest.lostTick !== Infinity) return true;
      return this.done.some(({ item, tick }) =>
        item.kind === "gap"
          ? item.channel === path && tick > newest.tick
          : item.kind === "event" && item.data.n === newest.n,
      );
    });
  }

  /** Looks after itself, as a supervisor does. */
  #look(): void {
    const { clock, servers } = this.#world;
    this.#cancelLook = clock.setTimeout(() => {
      if (this.#server === null || !servers.includes(this.#server)) this.#begin();
      // While nothing comes, its cursor moves on.
      else if (!this.#isWorking && this.#random() < 0.3) this.#cursor = this.#reader?.cursor ?? this.#cursor;
      this.#look();
    }, LOOK);
  }

  #drop(): void {
    void this.#reader?.return?.();
    this.#reader = null;
  }

  #begin(): void {
    this.#drop();
    this.#server = this.#world.server;
    this.#isWorking = false;
    const reader: Reader = this.#server.hub.events<Addresses["name"]>(this.addresses, { after: this.#cursor });
    this.#reader = reader;
    void this.#work(reader).catch((error: unknown) => this.#world.onViolation(`a job never throws: ${String(error)}`));
  }

  async #work(reader: Reader): Promise<void> {
    for await (const item of reader) {
      this.#isWorking = true;
      await this.#pause();
      if (reader !== this.#reader) return;
      if (!this.#world.isCalm && this.#random() < 0.05) {
        this.#world.counts.add("job killed");
        return this.#begin();
      }
      this.#keep(item, reader);
      this.#isWorking = false;
    }
    // The hub has closed.
    this.#server = null;
  }

  #keep(item: Item, reader: Reader): void {
    const { truth, counts } = this.#world;
    counts.add(item.kind === "gap" ? `job's gap ${item.reason}` : `job's ${item.kind}`);
    this.done.push({ item, tick: truth.next() });
    this.#cursor = this.#random() < 0.5 ? item.cursor : reader.cursor;
  }

  #pause(): Promise<void> {
    if (this.#world.isCalm || this.#random() < 0.5) return Promise.resolve();
    return new Promise((resolve) => void this.#world.clock.setTimeout(resolve, this.#random() * WORK));
  }
}
