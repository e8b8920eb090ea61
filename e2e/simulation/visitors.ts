import { createPresence, type Followed, type PersonOf } from "@tidings/client/presence";
import type { Actor, ActorWorld } from "./actor.ts";
import { contract } from "./contract.ts";
import type { ClientProgram } from "./program.ts";
import type { Random } from "./random.ts";

/** The most milliseconds that somebody stays, or stays away. */
const STAY = 20_000;
/** In this time a server that is dead is forgotten, and whoever has left is gone, in milliseconds. */
const QUIET = 30_000;

type People = Followed<readonly PersonOf<typeof contract, "people">[]>;

/** Everybody comes to the same place and leaves it, again and again. */
export class Visitors implements Actor {
  readonly #world: ActorWorld;
  readonly #random: Random;
  readonly #visitors: Visitor[];
  #cancelTimers: (() => void)[] = [];

  constructor(world: ActorWorld, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#visitors = world.clients.map((program) => new Visitor(world, program));
    for (const [at, visitor] of this.#visitors.entries()) this.#stay(visitor, at);
  }

  /** Everybody who is there sees exactly those who are there. */
  get isDone(): boolean {
    return this.#wrong() === null;
  }

  /** It stays so. */
  async prove(): Promise<void> {
    const { clock } = this.#world;
    // Somebody leaves without a word, and somebody else stays.
    this.#visitors[0]?.leave();
    for (const visitor of this.#visitors.slice(1)) visitor.enter();
    await clock.advance(QUIET);
    const wrong = this.#wrong();
    if (wrong !== null) this.#world.onViolation(`after ${QUIET} ms everybody sees who is there: ${wrong}`);
  }

  judge(): string | null {
    return null;
  }

  leave(): void {
    for (const cancel of this.#cancelTimers) cancel();
    for (const visitor of this.#visitors) visitor.end();
  }

  toString(): string {
    return `the visitors: ${this.#wrong()}`;
  }

  #stay(visitor: Visitor, at: number): void {
    this.#cancelTimers[at] = this.#world.clock.setTimeout(() => {
      if (!this.#world.isCalm) visitor.turn();
      this.#stay(visitor, at);
    }, this.#random() * STAY);
  }

  /** What one of those who are there sees instead; null if all see the same, and it is right. */
  #wrong(): string | null {
    const here = this.#visitors.filter(({ isHere }) => isHere);
    const names = here.map(({ name }) => name).toSorted();
    const wrong = here.find(({ seen }) => seen.join(" ") !== names.join(" "));
    return wrong === undefined ? null : `${wrong.name} sees ${wrong.seen.join(" ") || "nobody"}, of ${names.join(" ")}`;
  }
}

/** One viewer, who is there while they follow the place. */
class Visitor {
  readonly name: string;
  readonly #world: ActorWorld;
  readonly #presence;
  #people: People | null = null;

  constructor(world: ActorWorld, { viewer, client }: ClientProgram) {
    this.name = viewer;
    this.#world = world;
    const { clock } = world;
    this.#presence = createPresence(client, { contract, servers: contract.servers(), clock });
  }

  get isHere(): boolean {
    return this.#people !== null;
  }

  get seen(): readonly string[] {
    return (this.#people?.value ?? []).map(({ viewer }) => viewer).toSorted();
  }

  enter(): void {
    this.#people ??= this.#presence.people(contract.people(), {
      onJoin: () => this.#world.counts.add("somebody comes"),
      onLeave: () => this.#world.counts.add("somebody leaves"),
    });
  }

  leave(): void {
    this.#people?.close();
    this.#people = null;
  }

  turn(): void {
    if (this.isHere) this.leave();
    else this.enter();
  }

  end(): void {
    this.leave();
    this.#presence.close();
  }
}
