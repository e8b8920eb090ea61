import { parseControl, type StreamBlock } from "../drive/blocks.ts";
import { createAlarms, type Alarms } from "../drive/alarms.ts";
import type { Failure } from "../state/ending.ts";
import type { ShareNeeds } from "../share.ts";
import { isFinal } from "../state/retry.ts";
import { toPosition, type Position } from "../state/position.ts";
import { Feed } from "./feed.ts";
import type { Post, TabRequest } from "./message.ts";
import { toSent } from "./sent-failure.ts";
import { Wants } from "./wants.ts";

/** Milliseconds in which wants that come together become one request. */
const GATHER = 10;
/** Milliseconds before a path that nobody wants any more leaves the feed. */
const LINGER = 1_000;

/** What a relay needs of its tab. */
export interface RelayNeeds extends Pick<ShareNeeds, "clock" | "random" | "openStream"> {
  /** The name of the tab. */
  readonly tab: string;
  readonly post: Post;
  /** The server does not take the credentials of this tab. Another tab may have better ones. */
  readonly resign: () => void;
}

/**
 * What the leader does: it holds one stream over HTTP for the paths that all tabs want, and tells every tab what it
 * brings. When other paths are wanted, the stream goes on until the next one has said hello.
 */
export class Relay {
  readonly #needs: RelayNeeds;
  readonly #alarms: Alarms;
  readonly #wants = new Wants();
  #feeds = 0;
  #feed: Feed | null = null;
  /** The next feed, up to its hello. */
  #candidate: Feed | null = null;
  #retry: number | null = null;

  constructor(needs: RelayNeeds) {
    this.#needs = needs;
    this.#alarms = createAlarms(needs.clock);
    needs.post("lead", null);
  }

  hear({ kind, from, about }: TabRequest): void {
    const now = this.#needs.clock.now();
    switch (kind) {
      case "want":
        this.#answer();
        this.#wants.add(from, about, now);
        this.#reviewIn(GATHER);
        break;
      case "leave":
        this.#wants.remove(about.stream);
        this.#reviewIn(LINGER);
        break;
      case "ping":
        this.#answer();
        this.#wants.onPing(from, about.streams, now);
        this.#reviewIn(LINGER);
        break;
    }
  }

  close(): void {
    this.#alarms.close();
    this.#wants.clear();
    this.#endFeeds();
  }

  #answer(): void {
    this.#needs.post("pong", { feed: this.#feed?.id ?? null, count: this.#feed?.count ?? 0 });
  }

  #reviewIn(milliseconds: number): void {
    this.#alarms.setOnce(milliseconds, milliseconds, () => this.#review());
  }

  /** Looks what is wanted, and what is there. */
  #review(): void {
    const { paths, leftOver } = this.#wants.unite();
    for (const stream of leftOver) {
      this.#dismiss(stream);
    }
    if (this.#wants.size === 0) {
      this.#endFeeds();
      return;
    }
    const feed = this.#feed;
    if (this.#candidate || feed?.isJoinable === false) {
      // Looked at again when that is over.
      return;
    }
    if (feed?.isFresh(this.#needs.clock.now())) {
      this.#serve(feed);
    }
    const isAnyNeedless = feed !== null && [...feed.paths].some((path) => !paths.has(path));
    if (this.#wants.waiting.length > 0 || isAnyNeedless) {
      this.#open(paths);
    }
  }

  /** Lets those join who wait, and whose paths are there. */
  #serve(feed: Feed): void {
    for (const want of this.#wants.waiting) {
      if (feed.serves(want)) {
        want.isServed = true;
        this.#needs.post("start", feed.startFor(want.stream, this.#retry));
      }
    }
  }

  #open(paths: ReadonlySet<string>): void {
    const { clock, openStream, tab } = this.#needs;
    const after = this.#feed ? this.#feed.at : toPosition(this.#wants.earliest());
    const feed = new Feed(`${tab}:${++this.#feeds}`, paths, after, this.#wants.streams, clock.now());
    this.#candidate = feed;
    const channels = new Map([...paths].map((path) => [path, null]));
    feed.end = openStream(
      { channels, after: after?.token ?? null },
      {
        onRetry: (milliseconds) => this.#onRetry(feed, milliseconds),
        onLife: () => {},
        onEvent: (event, hello) => this.#onEvent(feed, event, hello),
        onEnd: (failed) => this.#onEnd(feed, failed),
      },
    );
  }

  #onRetry(feed: Feed, milliseconds: number): void {
    this.#retry = milliseconds;
    this.#needs.post("retry", { feed: feed.id, milliseconds });
  }

  #onEvent(feed: Feed, block: StreamBlock, hello: (heartbeat: number) => void): void {
    const at = toPosition(block.id);
    feed.lastLife = this.#needs.clock.now();
    if (feed === this.#candidate) {
      // Before its hello, it promises nothing.
      if (block.event === "hello") {
        hello(parseControl(block.data).heartbeat);
        this.#adopt(feed, block);
      }
      return;
    }
    switch (block.event) {
      case "gap":
        this.#sendBlock(feed, block);
        this.#onGap(feed, at);
        break;
      case "bye":
        this.#onBye(feed, block);
        break;
      default:
        this.#sendBlock(feed, block);
        this.#reach(feed, at);
        break;
    }
  }

  #sendBlock(feed: Feed, block: StreamBlock): void {
    feed.count++;
    this.#needs.post("block", { feed: feed.id, count: feed.count, block });
  }

  #reach(feed: Feed, at: Position | null): void {
    const wasJoinable = feed.isJoinable;
    feed.reach(at);
    if (feed.isJoinable && !wasJoinable) {
      this.#reviewIn(0);
    }
  }

  #adopt(feed: Feed, { id, data }: StreamBlock): void {
    this.#feed?.end();
    this.#feed = feed;
    this.#candidate = null;
    feed.hello = data ?? "{}";
    feed.reach(toPosition(id));
    this.#wants.serve((want) => feed.serves(want));
    this.#needs.post("start", feed.startFor(null, this.#retry));
    this.#reviewIn(0);
  }

  /** With a position, everything before it is void, and the stream ends. */
  #onGap(feed: Feed, next: Position | null): void {
    if (next) {
      this.#drop(feed);
    } else {
      feed.enterHole();
      // It would tell the gap again.
      this.#dropCandidate();
    }
  }

  #onBye(feed: Feed, block: StreamBlock): void {
    const { channels } = parseControl(block.data);
    if (Array.isArray(channels)) {
      this.#sendBlock(feed, block);
      this.#leaveOut(feed, channels);
    } else if (this.#candidate) {
      // The hub may have ended it for the next one.
      this.#awaitCandidate(feed);
    } else {
      this.#sendBlock(feed, block);
      this.#drop(feed);
    }
  }

  #leaveOut(feed: Feed, refused: readonly unknown[]): void {
    for (const path of refused) {
      feed.paths.delete(String(path));
    }
    this.#wants.leaveOut(refused);
  }

  /** The feed has told its end. */
  #drop(feed: Feed): void {
    feed.end();
    this.#feed = null;
    this.#dropCandidate();
    this.#wants.forgetServed();
    this.#reviewIn(GATHER);
  }

  #awaitCandidate(feed: Feed): void {
    feed.end();
    this.#feed = null;
    this.#wants.serve(() => false);
  }

  #onEnd(feed: Feed, failed: Failure): void {
    if (feed === this.#candidate) {
      this.#candidate = null;
      this.#onRefused(failed);
      this.#reviewIn(GATHER);
    } else if (feed === this.#feed && this.#candidate) {
      this.#awaitCandidate(feed);
    } else if (feed === this.#feed) {
      this.#needs.post("end", { feed: feed.id, failure: toSent(failed, this.#needs.random()) });
      this.#drop(feed);
    }
  }

  /** Tells those who wait, and only what concerns them. */
  #onRefused(failed: Failure): void {
    const { channels = [], reason } = failed;
    const { waiting } = this.#wants;
    const random = this.#needs.random();
    const concerned = waiting.filter(({ paths }) => channels.some((path) => paths.includes(path)));
    if (concerned.length > 0) {
      for (const { stream, paths } of concerned) {
        this.#fail(stream, { ...failed, channels: channels.filter((path) => paths.includes(path)) }, random);
      }
    } else if (reason === "unauthenticated") {
      for (const { stream } of waiting.filter(({ from }) => from === this.#needs.tab)) {
        this.#fail(stream, failed, random);
      }
      this.#needs.resign();
    } else if (isFinal(reason) || failed.most !== undefined) {
      // It may be because of what other tabs want, and how many they are.
      for (const { stream } of waiting) {
        this.#dismiss(stream);
      }
    } else {
      for (const { stream } of waiting) {
        this.#fail(stream, failed, random);
      }
    }
  }

  #fail(stream: string, failed: Failure, random: number): void {
    this.#wants.remove(stream);
    this.#needs.post("fail", { to: stream, failure: toSent(failed, random) });
  }

  #dismiss(stream: string): void {
    this.#wants.remove(stream);
    this.#needs.post("alone", { to: stream });
  }

  #endFeeds(): void {
    this.#feed?.end();
    this.#feed = null;
    this.#dropCandidate();
  }

  #dropCandidate(): void {
    this.#candidate?.end();
    this.#candidate = null;
  }
}
