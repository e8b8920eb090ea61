import type { Contract } from "@tidings/contract";
import type { Entry, Hole, NewEntry } from "@tidings/log";
import type { ByeReason } from "@tidings/protocol";
import { commandEntry, isAbout, isControlChannel, parseCommand, type Command, type Selector } from "./command.ts";
import type { RecheckedStream, Rechecks } from "./rechecks.ts";

/** A stream, as far as a command concerns it. */
export interface CommandedStream extends RecheckedStream {
  refuse(paths: readonly string[], reason: ByeReason): void;
  end(reason: ByeReason, retry?: number): void;
}

interface CommandNeeds {
  readonly contract: Contract;
  readonly streams: Iterable<CommandedStream> & {
    /** The streams of one viewer. */
    ofViewer(viewerId: string): readonly CommandedStream[];
  };
  readonly followers: {
    /** The streams that follow a path. */
    streamsOf(path: string): Iterable<CommandedStream>;
  };
  readonly rechecks: Rechecks;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Carries commands out on the streams of this process, and tells a request in progress whether it has missed one. */
export interface Commands {
  /** The log entry of a new command. @throws TypeError for a selector that {@link commandEntry} refuses */
  entry(verb: Command["verb"], selector: Selector): NewEntry;
  /** How many commands have come. A request notes it before it asks who may read. */
  count(): number;
  /**
   * Carries out the commands among new entries of the log, and treats a hole among them as a command about everybody.
   */
  follow(entries: readonly Entry[], holes: readonly Hole[]): void;
  /** What a request has missed since `count` was `since`. */
  missedSince(since: number, viewerId: string, paths: Pick<ReadonlySet<string>, "has">): MissedCommands;
}

/**
 * The commands about a viewer and some paths that a request has not heard of: none; only ones that ask `authorize`
 * again; or one that ends streams, which also stands for commands that are not known any more.
 */
export type MissedCommands = "none" | "recheck" | "disconnect";

/** How many commands are remembered for requests that were authorised before them and are still being answered. */
const REMEMBERED = 16_384;
/** Commands that are lost: one of them may have ended any stream. */
const LOST: Command = { verb: "disconnect", viewer: null, path: null };

export function createCommands({ contract, streams, followers, rechecks, random }: CommandNeeds): Commands {
  const recent: Command[] = [];
  let made = 0;
  let count = 0;

  function remember(command: Command): void {
    count++;
    recent.push(command);
    // Not after each command: it would cost too much to shift a list of this length so often.
    if (recent.length >= 2 * REMEMBERED) recent.splice(0, REMEMBERED);
  }

  /** The streams that a command may be about. There may be many commands about few of them. */
  function candidatesFor({ viewer, path }: Command): Iterable<CommandedStream> {
    if (viewer !== null) return streams.ofViewer(viewer);
    return path === null ? streams : followers.streamsOf(path);
  }

  /** A copy, since a command may end streams. */
  function streamsOf(command: Command): readonly CommandedStream[] {
    const about: CommandedStream[] = [];
    for (const stream of candidatesFor(command)) {
      if (isAbout(command, stream.viewerId, stream.fromByPath)) about.push(stream);
    }
    return about;
  }

  /** @param seq where the command stands in the log */
  function carryOut(command: Command, seq: number): void {
    for (const stream of streamsOf(command)) {
      if (command.verb === "recheck") rechecks.ask(stream, seq);
      else if (command.path === null) stream.end("expired");
      else stream.refuse([command.path], "forbidden");
    }
  }

  return {
    entry: (verb, selector) => commandEntry(contract, verb, selector, made++),
    count: () => count,

    follow(entries, holes) {
      // Of commands that say the same, the first one stands for all: there may be many about very many streams.
      const carriedOut = new Set<string>();
      for (const entry of entries) {
        if (!isControlChannel(entry.channel)) continue;
        const command = parseCommand(entry);
        remember(command);
        const text = JSON.stringify(command);
        if (carriedOut.has(text)) continue;
        carriedOut.add(text);
        carryOut(command, entry.seq);
      }
      if (!holes.some(({ channel }) => isControlChannel(channel))) return;
      // A command may be among the lost entries. Every stream ends, and `authorize` is asked again when its client
      // comes back.
      remember(LOST);
      for (const stream of [...streams]) stream.end("expired", 500 + random() * 4_500);
    },

    missedSince(since, viewerId, paths) {
      const missed = count - since;
      if (missed > recent.length) return "disconnect";
      let found: MissedCommands = "none";
      // Not a slice: many requests may have missed very many commands.
      for (let index = recent.length - missed; index < recent.length; index++) {
        const command = recent[index];
        if (command === undefined || !isAbout(command, viewerId, paths)) continue;
        if (command.verb === "disconnect") return "disconnect";
        found = "recheck";
      }
      return found;
    },
  };
}
