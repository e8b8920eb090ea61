import type { Grant } from "@tidings/server";
import { formatCursor } from "@tidings/protocol";
import type { Fact, Tick } from "./fact.ts";

/** A right that was given or taken away. */
export interface Right {
  readonly tick: Tick;
  /** Milliseconds since the world began. */
  readonly at: number;
  readonly allowed: boolean;
  /** Nothing up to this event may be read. */
  readonly from: Fact | null;
  /** When it ends by itself, in milliseconds since 1970. */
  readonly until: number;
  /** When the order to all hubs was acknowledged, in milliseconds since the world began; Infinity before. */
  announcedAt: number;
}

/** The conditions of a right. */
type Terms = Pick<Right, "from" | "until">;

const FREE: Terms = { from: null, until: Infinity };

/** The rights in the application's database: which viewer may read what. */
export class Rights {
  readonly #next: () => Tick;
  /** By viewer and path: when it was taken away or given back, in order. */
  readonly #rights = new Map<string, Right[]>();

  /** @param next counts */
  constructor(next: () => Tick) {
    this.#next = next;
  }

  of(viewer: string, path: string): readonly Right[] {
    return this.#rights.get(`${viewer} ${path}`) ?? [];
  }

  /** @param at milliseconds since the world began */
  set(viewer: string, path: string, allowed: boolean, at: number, terms: Terms = FREE): Right {
    const right = { tick: this.#next(), at, allowed, ...terms, announcedAt: Infinity };
    this.#rights.set(`${viewer} ${path}`, [...this.of(viewer, path), right]);
    return right;
  }

  allows(viewer: string, path: string): boolean {
    return this.of(viewer, path).at(-1)?.allowed ?? isFree(viewer, path);
  }

  /** What `authorize` answers. */
  decide(viewer: string, path: string): boolean | Grant {
    const right = this.of(viewer, path).at(-1);
    if (right?.allowed !== true) return right === undefined && isFree(viewer, path);
    const { from, until } = right;
    return {
      ...(from === null ? {} : { readableFrom: formatCursor(from.position) }),
      ...(until === Infinity ? {} : { expiresAt: until }),
    };
  }

  /** Whether there was a moment since then in which the viewer was allowed to read. */
  allowsSince(viewer: string, path: string, since: Tick): boolean {
    const rights = this.of(viewer, path);
    const before = rights.findLast(({ tick }) => tick < since);
    return (before?.allowed ?? isFree(viewer, path)) || rights.some(({ tick, allowed }) => tick >= since && allowed);
  }

  /**
   * The tick up to which the viewer was not allowed to read at any moment since then.
   * @param time milliseconds since the world began
   * @param grace milliseconds in which a hub may not have read yet that a right was narrowed
   * @returns 0 where the right was taken: open streams may not know that yet
   */
  hiddenSince(viewer: string, path: string, time: number, grace: number): Tick {
    const rights = this.of(viewer, path);
    // A right that is given back concerns new requests only. One that is narrowed concerns streams that are open.
    const first = rights.findLastIndex(({ at, announcedAt }, index) =>
      rights[index - 1]?.allowed === false ? at < time : announcedAt + grace < time,
    );
    if (rights[first]?.allowed !== true) return 0;
    return Math.min(...rights.slice(first).flatMap(({ allowed, from }) => (allowed ? [from?.tick ?? 0] : [])));
  }

  /** Whether a right has ever hidden an event from the viewer. */
  hides(viewer: string, path: string, { tick }: Fact): boolean {
    return this.of(viewer, path).some(({ from }) => from !== null && tick <= from.tick);
  }
}

/** Whether a viewer may read an address whose right was never changed. */
function isFree(viewer: string, path: string): boolean {
  return !path.startsWith("users/") || path === `users/${viewer}/inbox`;
}
