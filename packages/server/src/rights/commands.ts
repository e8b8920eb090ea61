import { parseAddress, type Address, type Contract } from "@tidings/contract";
import type { Entry, Hole, NewEntry } from "@tidings/log";
import type { ByeReason } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import type { Viewer } from "../hub-options.ts";
import { checkObject, kindOf } from "../runtime/checks.ts";
import { createTaskQueue } from "../runtime/task-queue.ts";
import type { Trace } from "../runtime/trace.ts";
import { authorizeAll, endOf, type AccessNeeds } from "./access.ts";

/** Whom a command is about: a viewer, an address, or a viewer on an address. */
export interface Selector {
  /** A viewer's `id`. */
  readonly viewer?: string;
  readonly address?: Pick<Address, "path">;
}

/** What one process tells all processes of a log: end the streams, or ask `authorize` again. */
export interface Command {
  readonly verb: "disconnect" | "recheck";
  /** Null means every viewer. */
  readonly viewer: string | null;
  /** Null means every path. */
  readonly path: string | null;
}

/** A stream, as far as a command concerns it. */
export interface CommandedStream {
  readonly id: number;
  readonly info: { readonly viewer: Viewer };
  /** The paths that it follows. */
  readonly fromByPath: ReadonlyMap<string, number>;
  readonly lifetime: {
    /** When the first of credentials and rights ends, in milliseconds since 1970. */
    expiresAt: number;
  };
  refuse(paths: readonly string[], reason: ByeReason): void;
  end(reason: ByeReason, retry?: number): void;
}

interface CommandNeeds extends AccessNeeds {
  readonly streams: Iterable<CommandedStream>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly trace: Pick<Trace, "add">;
}

/** Carries commands out on the streams of this process, and tells a request in progress whether it has missed one. */
export interface Commands {
  /** How many commands have come. A request notes it before it asks who may read. */
  count(): number;
  /**
   * Carries out the commands among new entries of the log, and treats a hole among them as a command about everybody.
   */
  follow(entries: readonly Entry[], holes: readonly Hole[]): void;
  /** Whether a command about the viewer or one of the paths has come since `count` was `since`. When in doubt, yes. */
  hasChangedSince(since: number, viewerId: string, paths: Paths): boolean;
}

type Paths = Pick<ReadonlySet<string>, "has">;

/** No contract can have this path, so no client can ask for it. */
const CONTROL_CHANNEL = "$hub";
/** How many commands are remembered for requests that were authorised before them and are still being answered. */
const REMEMBERED = 1_024;
/** How many answers of `authorize` a recheck waits for at a time, and for how many milliseconds each. */
const RECHECKS = 64;
const RECHECK_TIME = 5_000;
/** A command that may have been any. */
const ABOUT_EVERYBODY: Command = { verb: "recheck", viewer: null, path: null };

export function createCommands(needs: CommandNeeds): Commands {
  const { streams, clock, random, trace } = needs;
  const rechecks = createTaskQueue({ concurrency: RECHECKS, timeLimit: RECHECK_TIME, clock });
  const recent: Command[] = [];
  let count = 0;

  function remember(command: Command): void {
    count++;
    recent.push(command);
    if (recent.length > REMEMBERED) recent.shift();
  }

  function carryOut(command: Command): void {
    remember(command);
    for (const stream of [...streams]) {
      if (!isAbout(command, stream.info.viewer.id, stream.fromByPath)) continue;
      if (command.verb === "recheck") void recheck(stream);
      else if (command.path === null) stream.end("expired");
      else stream.refuse([command.path], "forbidden");
    }
  }

  async function recheck(stream: CommandedStream): Promise<void> {
    const countBefore = count;
    try {
      const access = await rechecks(() => authorizeAll(needs, stream.info.viewer, stream.fromByPath.keys()));
      stream.refuse([...access.refused.keys()], "forbidden");
      const { lifetime } = stream;
      lifetime.expiresAt = recheckedEnd(endOf(access), lifetime.expiresAt, countBefore === count);
    } catch (error) {
      // A viewer whose rights cannot be asked about may not read.
      trace.add("error", "hook-failed", { connection: stream.id, detail: "authorize", error });
      stream.end("expired");
    }
  }

  return {
    count: () => count,

    follow(entries, holes) {
      for (const entry of entries) {
        if (entry.channel === CONTROL_CHANNEL) carryOut(parseCommand(entry));
      }
      if (!holes.some(({ channel }) => channel === CONTROL_CHANNEL)) return;
      // A command may be among the lost entries. Every stream ends, and `authorize` is asked again when its client
      // comes back.
      remember(ABOUT_EVERYBODY);
      for (const stream of [...streams]) stream.end("expired", 500 + random() * 4_500);
    },

    hasChangedSince(since, viewerId, paths) {
      const missed = count - since;
      if (missed > recent.length) return true;
      return recent.slice(recent.length - missed).some((command) => isAbout(command, viewerId, paths));
    },
  };
}

/**
 * When a stream ends after a recheck, in milliseconds since 1970. The newest answer replaces the old end. An answer
 * that was overtaken by another command may only shorten it.
 */
export function recheckedEnd(answered: number, current: number, isNewest: boolean): number {
  return isNewest ? answered : Math.min(answered, current);
}

/**
 * The log entry of a command. Commands travel through the log, so that they reach every process, in order.
 * @throws TypeError for a selector that names nobody, or something else than a viewer's id and an address
 */
export function commandEntry(contract: Contract, verb: Command["verb"], selector: Selector): NewEntry {
  checkSelector(contract, verb, selector);
  const { viewer, address } = selector;
  const command: Command = { verb, viewer: viewer ?? null, path: address?.path ?? null };
  return { channel: CONTROL_CHANNEL, type: verb, mode: "reliable", data: JSON.stringify(command) };
}

/** Checks a selector: one that is misread would end the streams of everybody, or of nobody. */
function checkSelector(contract: Contract, verb: Command["verb"], selector: Selector): void {
  const what = `the selector of ${verb}`;
  checkObject(what, selector, ["viewer", "address"]);
  const { viewer, address } = selector;
  if (viewer === undefined && address === undefined) {
    throw new TypeError(`Expected a viewer or an address in ${what}, got neither; name one or both.`);
  }
  if (viewer !== undefined && typeof viewer !== "string") {
    throw new TypeError(`Expected the id of a viewer, a string, in ${what}, got ${kindOf(viewer)}.`);
  }
  if (address === undefined) return;
  // Plain JavaScript may pass null.
  const path: unknown = (address as Partial<Address> | null)?.path;
  if (typeof path === "string" && parseAddress(contract, path) !== null) return;
  const got = typeof path === "string" ? `the path ${JSON.stringify(path)}` : kindOf(address);
  throw new TypeError(`Expected an address of this contract in ${what}, got ${got}; make it with a channel function.`);
}

/**
 * The command of an entry. One that cannot be read, for example of a newer release, is taken as one about everybody.
 */
export function parseCommand({ data }: Pick<Entry, "data">): Command {
  try {
    // Only what is checked here and what `isAbout` compares is relied upon.
    const command = JSON.parse(data ?? "null") as Command | null;
    if (command?.verb === "disconnect" || command?.verb === "recheck") return command;
  } catch {
    // Not JSON: the same answer as for an unknown verb.
  }
  return ABOUT_EVERYBODY;
}

/** Whether a command is about a viewer who follows these paths. */
export function isAbout({ viewer, path }: Command, viewerId: string, paths: Paths): boolean {
  return (viewer === null || viewer === viewerId) && (path === null || paths.has(path));
}
