import type { KeepOption } from "@tidings/server";
import type { Draws, Random } from "./random.ts";

export type Engine = "memory" | "sqlite";

/** What a hub says about how much is kept of each channel. */
export type HubKeep = KeepOption<"room" | "feed" | "inbox">;

/** A kind of program that acts by itself. */
export type ActorName = "job" | "writers" | "editors" | "visitors";

/** What a schedule decides about the world before it begins. */
export interface Settings {
  /** What the log is kept in. */
  readonly engine: Engine;
  readonly servers: number;
  /** Reliable events that retention keeps of a channel. */
  readonly kept: number;
  /** Bytes that retention keeps of the log. */
  readonly keptBytes: number;
  /** What the hubs say about that: the first server, the next one that begins, and so on in turns. Empty: nothing. */
  readonly rules: readonly HubKeep[];
  readonly ringEntries: number;
  readonly pageEvents: number;
  /** Milliseconds that a stream may last. */
  readonly maxAge: number;
  /** Milliseconds that pass whenever a server looks at the time, within one turn of its event loop. */
  readonly drag: number;
  /** Whether there is a reader without our client, too. */
  readonly hasPlain: boolean;
  /** Who else is there: programs of the application that act by themselves. */
  readonly actors: readonly ActorName[];
}

/** The settings of one world, and its random numbers. */
export interface SeededSettings extends Settings {
  readonly seed: number;
  /** The order in which servers and clients get their random numbers. */
  readonly draws: Draws;
}

/** Draws the settings of a schedule. A scenario replaces some of them. */
export function settingsOf(random: Random, engine: Engine): Settings {
  return {
    engine,
    servers: random() < 0.2 ? 2 : 1,
    kept: random() < 0.5 ? 3 + Math.floor(random() * 6) : 1_000,
    ringEntries: random() < 0.5 ? 2 + Math.floor(random() * 8) : 1_000,
    pageEvents: 1 + Math.floor(random() * random() * 13),
    maxAge: random() < 0.15 ? 20_000 + random() * 20_000 : 3_600_000,
    drag: random() < 0.1 ? 0.5 + random() * 3 : 0,
    hasPlain: random() < 0.1,
    // An entry counts 200 bytes and its data.
    keptBytes: random() < 0.15 ? 1_000 + Math.floor(random() * 4_000) : Infinity,
    actors: random() < 0.2 ? ["job"] : [],
    rules: random() < 0.2 ? [keepOf(random), keepOf(random)] : [],
  };
}

/** Some channels have a rule of their own, and each rule leaves some of it open. */
function keepOf(random: Random): HubKeep {
  const entries = (): number => (random() < 0.5 ? 3 + Math.floor(random() * 6) : 1_000);
  const keep = () => ({
    ...(random() < 0.7 && { entries: entries() }),
    ...(random() < 0.3 && { age: 60_000 + random() * 60_000 }),
  });
  return {
    ...(random() < 0.5 && { default: keep() }),
    channels: {
      ...(random() < 0.5 && { room: keep() }),
      ...(random() < 0.5 && { feed: keep() }),
      ...(random() < 0.5 && { inbox: keep() }),
    },
  };
}
