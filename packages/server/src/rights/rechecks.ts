import type { Clock } from "@tidings/protocol/clock";
import type { ByeReason } from "@tidings/protocol";
import type { LowerBounds } from "../position/lower-bounds.ts";
import type { Viewer } from "../hub-options.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";
import type { Trace } from "../runtime/trace.ts";
import { TurnBudget } from "../runtime/turn-budget.ts";
import { authorizeAll, type Access, type AccessNeeds } from "./access.ts";

/** What a recheck has to know of a stream, and what it does with it. */
export interface RecheckedStream {
  readonly id: number;
  readonly info: { readonly viewer: Viewer };
  /** The id of the viewer when `authenticate` answered. The application may change its object. */
  readonly viewerId: string;
  readonly isEnded: boolean;
  /** The paths that it follows. */
  readonly fromByPath: LowerBounds;
  /** By path: the `readableFrom` that it was granted, if there is one. */
  readonly readableFrom: ReadonlyMap<string, string>;
  readonly lifetime: {
    /** When the first of credentials and rights ends, in milliseconds since 1970. */
    expiresAt: number;
  };
  /** From now on it writes nothing of the log that comes after this `seq`. */
  holdAt(seq: number): void;
  /** Undoes {@link RecheckedStream.holdAt}. */
  release(): void;
  refuse(paths: readonly string[], reason: ByeReason): void;
  end(reason: ByeReason): void;
}

interface RecheckNeeds extends AccessNeeds {
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add">;
}

/** Asks `authorize` again about open streams. */
export interface Rechecks {
  /**
   * Asks about a stream, because of a command at this `seq` of the log. Nothing is written until the answer is there:
   * it may also hide what was published before the command. An answer that takes too long ends the stream.
   */
  ask(stream: RecheckedStream, seq: number): void;
}

/** How long an answer of `authorize` about an open stream may take, in milliseconds. */
const RECHECK_TIME = 5_000;

/**
 * The recheck of a stream that is under way.
 *
 * ```
 * waiting for a turn ── the turn comes ─▶ asked ── the answer is there ─▶ over, or a new recheck
 * ```
 */
interface Recheck {
  /** Whether `authorize` has been called. Before that, the recheck also covers commands that still come. */
  isAsked: boolean;
  /** The first command since it was asked: its answer may not know of that one. Null when there was none. */
  nextSeq: number | null;
}

/**
 * There is one recheck at a time of each stream, and every recheck has its own time: an answer that hangs holds up no
 * other stream. An answer that allows the stream also allows what was published before the next command. So a stream
 * goes on even if commands come faster than `authorize` answers.
 */
export function createRechecks(needs: RecheckNeeds): Rechecks {
  const { clock, trace } = needs;
  const budget = new TurnBudget(clock);
  const underWay = new Map<RecheckedStream, Recheck>();
  /** Those that wait for a turn. */
  const waiting: RecheckedStream[] = [];

  /**
   * One command may be about all streams, so this does as little as possible for each of them.
   *
   * @param upTo what is written until the answer is there: nothing of the log after this `seq`
   */
  function begin(stream: RecheckedStream, upTo: number): void {
    underWay.set(stream, { isAsked: false, nextSeq: null });
    stream.holdAt(upTo);
    waiting.push(stream);
    if (waiting.length === 1) void askAll();
  }

  async function askAll(): Promise<void> {
    // A loop over an array also takes what is added meanwhile.
    for (const stream of waiting) {
      // A promise for each, so that what follows from an answer that is there at once belongs to the same turn.
      await budget.available();
      void ask(stream);
    }
    waiting.length = 0;
  }

  async function ask(stream: RecheckedStream): Promise<void> {
    // Safe: each stream that waits has one.
    const recheck = underWay.get(stream) as Recheck;
    try {
      recheck.isAsked = true;
      if (!stream.isEnded) apply(stream, await authorize(stream), clock.now());
    } catch (error) {
      // A viewer whose rights cannot be asked about may not read.
      trace.add("error", "hook-failed", { connection: stream.id, detail: "authorize", error });
      stream.end("expired");
    }
    underWay.delete(stream);
    if (stream.isEnded) return;
    if (recheck.nextSeq === null) stream.release();
    else begin(stream, recheck.nextSeq);
  }

  function authorize({ info, viewerId, fromByPath }: RecheckedStream): Promise<Access> {
    return withTimeLimit(clock, RECHECK_TIME, async () =>
      authorizeAll(needs, info.viewer, viewerId, fromByPath.keys()),
    );
  }

  return {
    ask(stream, seq) {
      const open = underWay.get(stream);
      if (open === undefined) begin(stream, 0);
      else if (open.isAsked) open.nextSeq ??= seq;
    },
  };
}

/** Lets a stream follow a new answer. */
function apply(stream: RecheckedStream, access: Access, now: number): void {
  stream.refuse([...access.refused.keys()], "forbidden");
  // The lower bounds of a stream never change (law 1): the client comes back, and starts within the new ones.
  if (hasOtherBounds(stream, access)) return stream.end("expired");
  stream.lifetime.expiresAt = access.end;
  // The answer may have come so late that the right has ended meanwhile.
  if (stream.lifetime.expiresAt <= now) stream.end("expired");
}

function hasOtherBounds({ readableFrom }: RecheckedStream, { granted }: Access): boolean {
  return [...granted].some(([path, { grant }]) => grant.readableFrom !== readableFrom.get(path));
}
