import { parseAddress, type Address, type Contract } from "@tidings/contract";
import type { Entry, NewEntry } from "@tidings/log";
import { checkObject, typeNameOf } from "@tidings/protocol/checks";

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

/** No contract can have a path that begins like this, so no client can ask for it. */
const CONTROL_CHANNEL = "$hub";
/**
 * The number of channels for commands, which are used in turn. Retention counts the entries of each channel: on one
 * channel, many commands at once would remove the first of them before other processes have read it.
 */
const CONTROL_CHANNELS = 64;
/** A command that this release cannot read. */
const UNKNOWN: Command = { verb: "recheck", viewer: null, path: null };

/** Whether entries of this channel are commands. */
export function isControlChannel(channel: string): boolean {
  return channel.startsWith(CONTROL_CHANNEL);
}

/**
 * The log entry of a command. Commands travel through the log, so that they reach every process, in order.
 * @param count how many commands this process has made before
 * @throws TypeError for a selector that names nobody, or anything but a viewer's id and an address, also undefined
 */
export function commandEntry(contract: Contract, verb: Command["verb"], selector: Selector, count: number): NewEntry {
  const command: Command = { verb, ...readWhom(contract, verb, selector) };
  const channel = `${CONTROL_CHANNEL}/${count % CONTROL_CHANNELS}`;
  return { channel, type: verb, mode: "reliable", data: JSON.stringify(command) };
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
  return UNKNOWN;
}

/** Whether a command is about a viewer who follows these paths. */
export function isAbout({ viewer, path }: Command, viewerId: string, paths: Pick<ReadonlySet<string>, "has">): boolean {
  return (viewer === null || viewer === viewerId) && (path === null || paths.has(path));
}

/**
 * Reads a selector: one that is misread would end the streams of everybody, or of nobody. Each member is read once: a
 * getter may answer something else the next time.
 *
 * @throws TypeError
 */
function readWhom(contract: Contract, verb: Command["verb"], selector: Selector): Omit<Command, "verb"> {
  const what = `the selector of ${verb}`;
  checkObject(what, selector, ["viewer", "address"]);
  const { viewer, address } = selector;
  for (const [key, given] of Object.entries({ viewer, address })) {
    // It must not be ignored: `{ viewer: undefined }` beside an address would mean everybody.
    if (given !== undefined || !(key in selector)) continue;
    throw new TypeError(`Expected "${key}" in ${what} to have a value, got undefined; leave the key out.`);
  }
  if (viewer === undefined && address === undefined) {
    throw new TypeError(`Expected a viewer or an address in ${what}, got neither; name one or both.`);
  }
  if (viewer !== undefined && (typeof viewer !== "string" || viewer === "")) {
    const got = viewer === "" ? "an empty one" : typeNameOf(viewer);
    throw new TypeError(`Expected the id of a viewer, a string, in ${what}, got ${got}.`);
  }
  return { viewer: viewer ?? null, path: address === undefined ? null : readPath(contract, what, address) };
}

/** @throws TypeError */
function readPath(contract: Contract, what: string, address: unknown): string {
  // Plain JavaScript may pass null.
  const path: unknown = (address as Partial<Address> | null)?.path;
  if (typeof path === "string" && parseAddress(contract, path) !== null) return path;
  const got = typeof path === "string" ? `the path ${JSON.stringify(path)}` : typeNameOf(address);
  throw new TypeError(`Expected an address of this contract in ${what}, got ${got}; make it with a channel function.`);
}
