import { covers, parseEventName } from "@tidings/protocol";
import { parseControl, type StreamBlock } from "../drive/blocks.ts";
import { beginOverlap, NO_OVERLAP, takeWithoutId } from "../state/overlap.ts";
import { isAfter, toPosition, type Position } from "../state/position.ts";

/** What follows from a block of the feed. */
type Verdict =
  /** The tab has it already, or has not asked for it. */
  | { readonly kind: "skip" }
  | { readonly kind: "tell"; readonly block: StreamBlock }
  /** It says something about a place where the tab is not. Only a page can say what is true for the tab. */
  | { readonly kind: "leave" };

const SKIP: Verdict = { kind: "skip" };
const LEAVE: Verdict = { kind: "leave" };

/**
 * Cuts the stream of one tab out of the feed that all tabs share. A tab may be ahead of the feed, by its pages. Gaps
 * and ends of epochs are told to where the feed stands, so a tab that is ahead does not believe them.
 */
export class FeedReader {
  /** The tab has everything of its paths up to here. Null before it has begun. */
  position: Position | null;
  /** Whether a gap was told, and its end is not known yet. No heartbeat may have a position then. */
  isInHole = false;
  readonly #paths: ReadonlySet<string>;
  /** Where the feed stands. */
  feedAt: Position | null = null;
  #overlap = NO_OVERLAP;

  constructor(paths: ReadonlySet<string>, after: Position | null) {
    this.#paths = paths;
    this.position = after;
  }

  /** From now on, the blocks are those of a feed that stands here. @param now in milliseconds since 1970 */
  join(at: Position | null, now: number): void {
    this.feedAt = at;
    this.#overlap = beginOverlap(this.#overlap, this.position, now);
  }

  /** Whether the tab has everything that the feed will not bring any more. */
  get isCaughtUp(): boolean {
    return covers(this.position, this.feedAt);
  }

  /** @param now in milliseconds since 1970 */
  read(block: StreamBlock, now: number): Verdict {
    const at = toPosition(block.id);
    const isGap = block.event === "gap";
    const isHeartbeat = block.event === "heartbeat";
    const own = this.#cut(block);
    const isNewEpoch = at !== null && this.feedAt !== null && at.epoch !== this.feedAt.epoch;
    if (isAfter(this.position, this.feedAt) && (isNewEpoch || (isGap && own))) {
      return LEAVE;
    }
    this.feedAt = at ?? this.feedAt;
    // A heartbeat behind the tab is no repetition: what the tab has after it may never have been in the log.
    if (!isGap && !isHeartbeat && (covers(this.position, at) || (own && this.#comesAgain(block, now)))) {
      return SKIP;
    }
    this.position = at ?? this.position;
    if (own && isGap) {
      this.isInHole = true;
    } else if (at && isHeartbeat) {
      this.isInHole = false;
    }
    return own ? { kind: "tell", block: own } : SKIP;
  }

  /** Whether the tab has an event without an id already: from the feed before, or from its pages. */
  #comesAgain({ event, data, id }: StreamBlock, now: number): boolean {
    if (id !== null || parseEventName(event) === null) {
      return false;
    }
    if (isAfter(this.position, this.feedAt)) {
      return true;
    }
    this.#overlap = takeWithoutId(this.#overlap, `${event} ${data}`, this.feedAt, now);
    return this.#overlap.isRepetition;
  }

  /** What a block says about the paths of the tab. Null when that is nothing. */
  #cut(block: StreamBlock): StreamBlock | null {
    const { event, data } = block;
    const name = parseEventName(event);
    if (name) {
      return this.#paths.has(name.channel) ? block : null;
    }
    const control = parseControl(data);
    const { channel, channels } = control;
    if (event === "clear") {
      return this.#paths.has(channel) ? block : null;
    }
    if (typeof channels !== "object" || channels === null) {
      return block;
    }
    const own = Array.isArray(channels)
      ? (channels as unknown[]).filter((path) => this.#paths.has(String(path)))
      : Object.fromEntries(Object.entries(channels).filter(([path]) => this.#paths.has(path)));
    return Object.keys(own).length > 0 ? { ...block, data: JSON.stringify({ ...control, channels: own }) } : null;
  }
}
