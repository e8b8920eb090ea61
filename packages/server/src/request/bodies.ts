import type { Clock } from "@tidings/protocol/clock";
import type { ComingBody } from "../hub-options.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";

/** How long a body may take to come, in milliseconds. */
const BODY_TIME = 10_000;
/** How long the rest of a body that cannot be taken is read and dropped, in milliseconds. */
const DROP_TIME = 1_000;
/** How many bytes of bodies that are still coming one hub keeps. */
const MOST_BYTES = 16 * 1024 * 1024;
/** How many of them one session of HTTP/2 may have. */
const MOST_BYTES_OF_SESSION = 2 * 1024 * 1024;

/** The bodies of a hub that are still coming. */
export interface Bodies {
  /**
   * Reads one body. If bodies have too many bytes together, the one that began first is given up: most bodies come at
   * once.
   *
   * @param session what shares a bound of its own
   * @throws TimeLimitError when the body takes longer than ten seconds @throws NoRoomError when it is given up
   * @throws what it was dropped with
   */
  read<Result>(session: object | undefined, readBody: (coming: ComingBody) => Promise<Result>): Promise<Result>;
}

/** A body was given up because others need the memory. */
export class NoRoomError extends Error {}

interface Body {
  readonly session: object | undefined;
  readonly gone: AbortController;
  bytes: number;
}

export function createBodies(clock: Pick<Clock, "setTimeout">): Bodies {
  /** In the order in which they began. */
  const coming = new Set<Body>();
  const bytesBySession = new WeakMap<object, number>();
  let total = 0;

  function count(body: Body, bytes: number): void {
    const more = bytes - body.bytes;
    body.bytes = bytes;
    total += more;
    const { session } = body;
    if (session !== undefined) bytesBySession.set(session, (bytesBySession.get(session) ?? 0) + more);
  }

  function leave(body: Body): void {
    if (coming.delete(body)) count(body, 0);
  }

  /** Gives up the first body that still keeps something. */
  function giveUpFirst(isCandidate: (body: Body) => boolean): void {
    for (const body of coming) {
      if (body.bytes === 0 || !isCandidate(body)) continue;
      leave(body);
      body.gone.abort(new NoRoomError("Expected a body that comes at once, got one that others could not wait for."));
      return;
    }
  }

  function hold(body: Body, bytes: number): void {
    if (!coming.has(body)) return;
    count(body, bytes);
    const { session } = body;
    if (session !== undefined && (bytesBySession.get(session) ?? 0) > MOST_BYTES_OF_SESSION) {
      giveUpFirst((each) => each.session === session);
    }
    if (total > MOST_BYTES) giveUpFirst(() => true);
  }

  return {
    async read(session, readBody) {
      const body: Body = { session, gone: new AbortController(), bytes: 0 };
      let failure: Error | null = null;
      let stopDropping = (): void => {};
      function drop(error: Error): void {
        if (failure !== null) return;
        failure = error;
        leave(body);
        stopDropping = clock.setTimeout(() => body.gone.abort(error), DROP_TIME, true);
      }
      coming.add(body);
      try {
        const read = (signal: AbortSignal) => readBody({ signal, hold: (bytes) => hold(body, bytes), drop });
        return await withTimeLimit(clock, BODY_TIME, read, body.gone.signal);
      } catch (error) {
        // The ten seconds may end while the rest is dropped. A client would send the body again after that answer.
        throw failure ?? error;
      } finally {
        stopDropping();
        leave(body);
      }
    },
  };
}
