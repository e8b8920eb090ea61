import { LeaseError, type LeaseErrorCode, type Published } from "@tidings/server";
import { LEASE_CHANNEL } from "../../packages/server/src/lease/lease-entry.ts";
import type { Actor, ActorWorld } from "./actor.ts";
import { board, contract } from "./contract.ts";
import type { Fact } from "./fact.ts";
import { pick, type Random } from "./random.ts";
import { Server } from "./server.ts";

/** How long a lease holds, in milliseconds. */
const TTL = 1_000;
/** An address has ended so long after its writer has died, in milliseconds. */
const NOTICED = TTL + 2_000;
/** A writer has heard of a request to stop so long after it, in milliseconds: a poll of the log. */
const HEARD = 1_050;
/** How often somebody looks whether a writer is over, in milliseconds. */
const LOOK = 500;
/** The most milliseconds between two events of a writer. */
const SILENCE = 2 * TTL;
/** How many want to write at the same time. */
const RIVALS = 2;

/** What a writer does, on whatever channel. */
interface Lease {
  readonly signal: AbortSignal;
  readonly publish: (n: number) => Promise<Published>;
  /** The last thing that it does. */
  readonly finish: (n: number) => Promise<unknown>;
}

/** Takes the lease of an address: of one that ends, and of one that does not. */
type Take = (server: Server, turn: number, aborted: number) => Promise<Lease>;

const takes: readonly Take[] = [
  async ({ hub }, turn, aborted) => {
    const writer = await hub.lease(contract.job({ job: `w${turn}` }), { ttl: TTL, aborted: { n: aborted } });
    const { signal } = writer;
    return { signal, publish: (n) => writer.publish("step", { n }), finish: (n) => writer.end({ n }) };
  },
  async ({ hub }) => {
    const writer = await hub.lease(board, { ttl: TTL });
    const { signal } = writer;
    return { signal, publish: (n) => writer.publish("line", { n }), finish: () => writer.release() };
  },
];

/** One attempt to write: it takes a lease, publishes a few events, and gives it up. It may die with its server. */
interface Attempt {
  readonly server: Server;
  isOver: boolean;
}

/** Those who want to write to the same addresses, on any server. */
export class Writers implements Actor {
  readonly #world: ActorWorld;
  readonly #random: Random;
  #attempts: Attempt[] = [];
  /** By number of an event: the writer that has written it. */
  readonly #writerOf = new Map<number, number>();
  #writers = 0;
  /** The address that ends has another name each time it has ended. */
  #turn = 0;
  #cancelLook = (): void => {};

  constructor(world: ActorWorld, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#look();
  }

  /** Nobody writes any more, and no lease is left in the log. */
  get isDone(): boolean {
    return this.#attempts.every((attempt) => this.#isOver(attempt)) && this.#leases().length === 0;
  }

  async prove(): Promise<void> {
    await this.#proveStop();
    await this.#proveDeath();
  }

  /** A writer at a server that has been through all of it hears of a request to stop. */
  async #proveStop(): Promise<void> {
    const { server, clock, onViolation } = this.#world;
    this.#turn++;
    const { writer, path, aborted } = this.#next();
    const lease = await takes[0]?.(server, this.#turn, aborted);
    const other = new Server(this.#world);
    await other.hub.stop(contract.job({ job: `w${this.#turn}` }));
    await clock.advance(HEARD);
    if (lease?.signal.aborted === false) onViolation(`a writer that is asked to stop hears of it: ${path} goes on`);
    other.kill();
    const finishing = lease?.finish(this.#number(writer));
    await clock.advance(0);
    await finishing;
  }

  /** A writer that dies has ended in time. */
  async #proveDeath(): Promise<void> {
    const world = this.#world;
    this.#turn++;
    const { path, aborted } = this.#next();
    const server = new Server(world);
    const lease = await takes[0]?.(server, this.#turn, aborted);
    const word = lease?.publish(this.#number(this.#writers));
    await world.clock.advance(0);
    await word;
    server.kill();
    await world.clock.advance(NOTICED);
    const end = world.truth.reliableOf(path).at(-1);
    if (end?.n !== aborted) {
      world.onViolation(`a writer that died is ended within its lease and two seconds: ${path} goes on`);
    }
  }

  judge(): string | null {
    const { facts } = this.#world.truth;
    const written = facts.filter(({ n }) => this.#writerOf.has(n));
    for (const path of new Set(written.map((fact) => fact.path))) {
      const wrong = this.#judgeOne(written.filter((fact) => fact.path === path));
      if (wrong !== null) return `${wrong} (${path})`;
    }
    return null;
  }

  leave(): void {
    this.#cancelLook();
  }

  toString(): string {
    return `the writers, with the leases of ${this.#leases().join(", ") || "nobody"}`;
  }

  /** Once somebody else has written, the former writer is silent, unless a failover has taken the turn. */
  #judgeOne(written: readonly Fact[]): string | null {
    for (const [index, fact] of written.entries()) {
      const before = written.slice(0, index).filter(({ lostTick }) => lostTick > fact.tick);
      const writer = this.#writerOf.get(fact.n);
      const isOld = before.some(({ n }) => this.#writerOf.get(n) === writer);
      if (isOld && this.#writerOf.get(before.at(-1)?.n ?? 0) !== writer) {
        return `one writer at a time: ${fact.n} came after the lease was taken by another one`;
      }
    }
    return null;
  }

  /** The paths whose newest lease is not withdrawn. */
  #leases(): string[] {
    const newest = new Map<string, Fact>();
    for (const fact of this.#world.truth.facts) {
      if (fact.path === LEASE_CHANNEL && fact.lostTick === Infinity) newest.set(`${fact.type} ${fact.key}`, fact);
    }
    return [...newest].filter(([, { isWithdrawal }]) => !isWithdrawal).map(([name]) => name);
  }

  #look(): void {
    const { clock, isCalm } = this.#world;
    this.#cancelLook = clock.setTimeout(() => {
      this.#attempts = this.#attempts.filter((attempt) => !this.#isOver(attempt));
      while (!isCalm && this.#attempts.length < RIVALS) this.#begin();
      this.#look();
    }, LOOK);
  }

  #isOver({ isOver, server }: Attempt): boolean {
    const { servers, formerServers } = this.#world;
    return isOver || !(servers.includes(server) || formerServers.includes(server));
  }

  #begin(): void {
    const attempt: Attempt = { server: this.#world.server, isOver: false };
    this.#attempts.push(attempt);
    void this.#write(attempt.server)
      .catch((error: unknown) => this.#onRefused(error))
      .finally(() => (attempt.isOver = true));
  }

  async #write(server: Server): Promise<void> {
    const take = pick(takes, this.#random());
    const { writer, aborted } = this.#next();
    const lease = await take(server, this.#turn, aborted);
    this.#world.counts.add("lease taken");
    for (let left = Math.floor(this.#random() * 6); left > 0 && !lease.signal.aborted; left--) {
      await this.#acked(this.#number(writer), lease.publish);
      await this.#pause();
    }
    await lease.finish(this.#number(writer));
    this.#turn++;
  }

  async #acked(n: number, publish: Lease["publish"]): Promise<void> {
    const { id } = await publish(n);
    if (this.#world.truth.find(n, id) !== undefined) return;
    this.#world.onViolation(`acked is appended: ${n} was acked as ${id}, and the log does not have it there`);
  }

  /** Another writer, whose address ends with that number if it dies. */
  #next(): { readonly writer: number; readonly aborted: number; readonly path: string } {
    const writer = ++this.#writers;
    return { writer, aborted: this.#number(writer), path: contract.job({ job: `w${this.#turn}` }).path };
  }

  #number(writer: number): number {
    const n = this.#world.events.nextNumber();
    this.#writerOf.set(n, writer);
    return n;
  }

  #onRefused(error: unknown): void {
    // An address that has ended, or a log that does not answer: another attempt follows.
    if (!(error instanceof LeaseError)) return void this.#turn++;
    const code: LeaseErrorCode = error.code;
    this.#world.counts.add(`lease ${code}`);
  }

  #pause(): Promise<void> {
    const { clock, isCalm } = this.#world;
    if (isCalm) return Promise.resolve();
    return new Promise((resolve) => void clock.setTimeout(resolve, this.#random() * SILENCE));
  }
}
