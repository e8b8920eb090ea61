import type { Address } from "@tidings/contract";
import type { Entry, Hole, NewEntry } from "@tidings/log";
import { authorizeAll, endOf } from "./access.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Base } from "./context.ts";
import { createGate } from "./gate.ts";

/** Whom an order is about: a viewer, an address, or a viewer on an address. */
export interface Selector {
  /** A viewer's `id`. */
  readonly viewer?: string;
  readonly address?: Pick<Address, "path">;
}

/** What one process tells all: end the streams, or ask `authorize` again. */
interface Order {
  readonly verb: "disconnect" | "recheck";
  readonly viewer: string | null;
  readonly path: string | null;
}

type Paths = Pick<ReadonlySet<string>, "has">;

/** No contract can have this path, so no client can ask for it. */
const CONTROL_CHANNEL = "$hub";
/** How many orders are remembered for requests that were authorised before them and are still being answered. */
const REMEMBERED = 1_024;
/** How many rights are asked about at a time, and for how many milliseconds each. */
const RECHECKS = 64;
const RECHECK_TIME = 5_000;

export type Orders = ReturnType<typeof createOrders>;

/** Carries orders out on the streams of this process, and knows which ones a request in progress has missed. */
export function createOrders(context: Base, connections: Connections) {
  const { clock, random, trace } = context;
  const rechecks = createGate(RECHECKS, RECHECK_TIME, clock);
  const recent: Order[] = [];
  let count = 0;

  function remember(order: Order): void {
    count++;
    recent.push(order);
    if (recent.length > REMEMBERED) recent.shift();
  }

  function carryOut(order: Order): void {
    remember(order);
    for (const connection of [...connections.open]) {
      if (!isAbout(order, connection.info.viewer.id, connection.froms)) continue;
      if (order.verb === "recheck") void recheck(connection);
      else if (order.path === null) connection.end("expired");
      else connection.refuse([order.path], "forbidden");
    }
  }

  async function recheck(connection: Connection, known = count): Promise<void> {
    const { id, info, froms } = connection;
    try {
      const access = await rechecks(() => authorizeAll(context, info.viewer, froms.keys()));
      connection.refuse([...access.refused.keys()], "forbidden");
      // An answer that comes after a newer one, or before it, does not make anything last longer.
      connection.expiresAt = known === count ? endOf(access) : Math.min(endOf(access), connection.expiresAt);
    } catch (error) {
      // Whoever cannot be asked about may not read.
      trace.add("error", "hook-failed", { connection: id, detail: "authorize", error });
      connection.end("expired");
    }
  }

  return {
    /** How many orders have come: what a request notes before it asks who may read. */
    count: () => count,

    /** Carries out the orders among new entries of the log. */
    follow(entries: readonly Entry[], holes: readonly Hole[]): void {
      for (const entry of entries) if (entry.channel === CONTROL_CHANNEL) carryOut(parseOrder(entry));
      if (!holes.some(({ channel }) => channel === CONTROL_CHANNEL)) return;
      // An order may be among what was lost; whoever comes back is asked about anew.
      remember(ABOUT_ALL);
      for (const connection of [...connections.open]) connection.end("expired", 500 + random() * 4_500);
    },

    /** Whether an order about the viewer or one of the paths has come since, or more than are remembered. */
    hasNews(since: number, viewer: string, paths: Paths): boolean {
      const missed = count - since;
      const news = recent.slice(recent.length - missed);
      return missed > recent.length || news.some((order) => isAbout(order, viewer, paths));
    },
  };
}

/** Orders travel through the log, so that they reach every process, in order. @throws TypeError for a selector that names nobody */
export function orderEntry(verb: Order["verb"], { viewer, address }: Selector): NewEntry {
  if (viewer === undefined && address === undefined)
    throw new TypeError(`Expected ${verb} to be told a viewer or an address, got neither.`);
  const order: Order = { verb, viewer: viewer ?? null, path: address?.path ?? null };
  return { channel: CONTROL_CHANNEL, type: verb, mode: "reliable", data: JSON.stringify(order) };
}

const ABOUT_ALL: Order = { verb: "recheck", viewer: null, path: null };

/** What cannot be read, say an order of a newer release, asks about everybody. */
function parseOrder({ data }: Entry): Order {
  try {
    // Checked below, as far as anything depends on it.
    const order = JSON.parse(data ?? "null") as Order | null;
    if (order?.verb === "disconnect" || order?.verb === "recheck") return order;
  } catch {
    // The answer is that of the unknown.
  }
  return ABOUT_ALL;
}

/** Whether an order is about a viewer who follows these paths. */
function isAbout({ viewer, path }: Order, viewerId: string, paths: Paths): boolean {
  return (viewer === null || viewer === viewerId) && (path === null || paths.has(path));
}
