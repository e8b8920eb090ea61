import type { EventRequest, PageBody } from "@tidings/protocol";
import type { StreamBlock } from "../drive/blocks.ts";
import { failure } from "../drive/failure.ts";
import type { StreamListener } from "../drive/open-stream.ts";
import type { ShareNeeds } from "../share.ts";
import type { Failure } from "../state/ending.ts";
import { countIdle, MOST_IDLE } from "../state/idle-pages.ts";
import { isAfter, toPosition } from "../state/position.ts";
import { CatchUp } from "./catch-up.ts";
import { isLast } from "./feed.ts";
import { FeedReader } from "./feed-reader.ts";
import { HeardFeed } from "./heard-feed.ts";
import type { News, NewsByKind, Post, SentFailure, Start } from "./message.ts";
import { OwnHeartbeat } from "./own-heartbeat.ts";
import { blocksOf } from "../drive/page-blocks.ts";
import { Patience } from "./patience.ts";
import { fromSent } from "./sent-failure.ts";

/** What a stream needs of its tab. */
export interface TabStreamNeeds extends Omit<ShareNeeds, "url" | "random"> {
  readonly post: Post;
  /** The stream hears nothing any more. */
  readonly onOver: (name: string) => void;
}

/**
 * The stream of one tab. It begins where the tab wants it, catches up by pages up to where the shared feed stands, and
 * then tells what the feed brings. When the leader changes, or when anything of the feed is missing, it goes on in the
 * same way from where it is.
 */
export class TabStream {
  readonly name: string;
  readonly #request: EventRequest;
  readonly #paths: readonly string[];
  readonly #listener: StreamListener;
  readonly #needs: TabStreamNeeds;
  readonly #reader: FeedReader;
  #isOver = false;
  /** What the tab hears. Null while it waits for a feed. */
  #feed: HeardFeed | null = null;
  readonly #catchUp = new CatchUp();
  #hello = "{}";
  #hasBegun = false;
  /** How many pages in a row have shown no progress. */
  #idle = 0;
  readonly #patience: Patience;
  readonly #heartbeat: OwnHeartbeat;
  #endAlone = () => {};

  constructor(name: string, request: EventRequest, listener: StreamListener, needs: TabStreamNeeds) {
    this.name = name;
    this.#request = request;
    this.#paths = [...request.channels.keys()];
    this.#listener = listener;
    this.#needs = needs;
    this.#patience = new Patience(needs.clock, needs.connectTimeout);
    this.#heartbeat = new OwnHeartbeat(needs.clock, () => this.#beat());
    this.#reader = new FeedReader(new Set(this.#paths), toPosition(request.after));
  }

  /** Asks for a feed, from wherever the tab is. */
  ask(): void {
    this.#feed = null;
    this.#catchUp.stop();
    this.#patience.begin(
      () => this.ask(),
      () => this.#finish(failure("timeout", "a stream of another tab", "none; reload if that goes on")),
    );
    const after = this.#reader.position?.token ?? null;
    this.#needs.post("want", { stream: this.name, paths: this.#paths, after });
  }

  hear(message: News): void {
    if (this.#isOver) {
      return;
    }
    switch (message.kind) {
      case "lead":
        this.ask();
        break;
      case "pong":
        this.#compare(message.about);
        break;
      case "start":
        if (message.about.to === null || message.about.to === this.name) {
          this.#join(message.about);
        }
        break;
      case "block":
        this.#onBlock(message.about);
        break;
      case "retry":
        this.#onRetry(message.about);
        break;
      case "end":
        this.#onEnd(message.about.feed === this.#feed?.id, message.about.failure);
        break;
      case "fail":
        this.#onEnd(message.about.to === this.name, message.about.failure);
        break;
      case "alone":
        if (message.about.to === this.name) {
          this.goAlone();
        }
        break;
    }
  }

  /** Goes on over HTTP, from where it is. */
  goAlone(): void {
    if (this.#close()) {
      const after = this.#reader.position?.token ?? null;
      this.#endAlone = this.#needs.openStream({ ...this.#request, after }, this.#listener);
    }
  }

  /** Ends it. The listener does not hear of that. */
  end(): void {
    this.#close();
    this.#endAlone();
  }

  /** Returns whether it was open. */
  #close(): boolean {
    if (this.#isOver) {
      return false;
    }
    this.#isOver = true;
    this.#catchUp.stop();
    this.#patience.stop();
    this.#heartbeat.stop();
    this.#needs.post("leave", { stream: this.name });
    this.#needs.onOver(this.name);
    return true;
  }

  #finish(failed: Failure): void {
    if (this.#close()) {
      this.#listener.onEnd(failed);
    }
  }

  #onRetry({ feed, milliseconds }: NewsByKind["retry"]): void {
    if (feed === this.#feed?.id) {
      this.#listener.onRetry(milliseconds);
    }
  }

  #onEnd(isMeant: boolean, failed: SentFailure): void {
    if (isMeant) {
      this.#finish(fromSent(failed));
    }
  }

  /** What the leader has said may have been lost on the way. */
  #compare({ feed, count }: NewsByKind["pong"]): void {
    if (this.#feed?.isUpToDate(feed, count) === false) {
      this.ask();
    }
  }

  #join(start: Start): void {
    if (this.#feed?.id === start.feed) {
      return;
    }
    const isBeginner = start.beginners.includes(this.name) && this.#reader.position === null;
    const hasAll = this.#paths.every((path) => start.paths.includes(path));
    if (!hasAll || (start.at === null && !isBeginner)) {
      // The feed that it has heard is over.
      if (this.#feed) {
        this.ask();
      }
      return;
    }
    this.#catchUp.stop();
    this.#patience.stop();
    this.#feed = new HeardFeed(start.feed, start.count);
    this.#hello = start.hello;
    this.#reader.join(toPosition(start.at), this.#needs.clock.now());
    if (start.retry !== null) {
      this.#listener.onRetry(start.retry);
    }
    if (isBeginner) {
      this.#reader.position = toPosition(start.at);
    }
    if (isBeginner || this.#reader.position) {
      this.#greet();
    }
    if (!isBeginner && !this.#reader.isCaughtUp) {
      this.#loadPage();
    }
  }

  #greet(): void {
    if (!this.#hasBegun && !this.#isOver) {
      this.#hasBegun = true;
      this.#listener.onEvent({ event: "hello", data: this.#hello, id: this.#reader.position?.token ?? null }, () => {});
    }
  }

  #loadPage(): void {
    const after = this.#reader.position?.token ?? null;
    const end = this.#needs.requestPage({ channels: this.#request.channels, after }, ([failed, page]) =>
      failed ? this.#finish(failed) : this.#onPage(page),
    );
    this.#catchUp.begin(end);
  }

  #onPage(page: PageBody): void {
    const before = this.#reader.position;
    const cursor = toPosition(page.cursor);
    if (before === null) {
      // It begins now: where the page stands.
      this.#reader.position = cursor;
      this.#greet();
    }
    this.#idle = countIdle(this.#idle, page, before, cursor);
    const blocks = [...blocksOf(page)];
    for (const block of blocks) {
      if (!this.#isOver) {
        this.#listener.onEvent(block, () => {});
      }
    }
    if (this.#isOver) {
      return;
    }
    this.#reader.isInHole = false;
    this.#catchUp.done();
    this.#reader.position = cursor;
    if (blocks.some(isLast)) {
      this.#breakOff();
    } else if (this.#feed === null) {
      this.ask();
    } else if (this.#reader.isCaughtUp) {
      this.#flush();
    } else if (page.more && this.#idle < MOST_IDLE && cursor?.token !== before?.token) {
      this.#loadPage();
    } else {
      this.#finish(failure("bad-response", "a page up to where the stream is", "an older one; the tab asks again"));
    }
  }

  #onBlock({ feed, count, block }: NewsByKind["block"]): void {
    if (feed !== this.#feed?.id) {
      return;
    }
    const order = this.#feed.hear(count);
    if (order === "late") {
      this.ask();
    } else if (order === "next" && !this.#catchUp.isUnderWay) {
      this.#read(block);
    } else if (order === "next" && !this.#catchUp.waiting.add(block, this.#needs.clock.now())) {
      // It asks for a feed again after the page.
      this.#feed = null;
    }
  }

  /** The feed may have been left in the meantime. */
  #flush(): void {
    for (const block of this.#catchUp.waiting.take(this.#needs.clock.now())) {
      if (this.#feed && !this.#isOver) {
        this.#read(block);
      }
    }
  }

  #read(block: StreamBlock): void {
    this.#listener.onLife();
    const verdict = this.#reader.read(block, this.#needs.clock.now());
    if (verdict.kind === "leave") {
      return this.ask();
    }
    if (verdict.kind === "skip" || verdict.block.id === null) {
      this.#heartbeat.beatLater(this.#hello);
    } else {
      this.#heartbeat.stop();
    }
    if (verdict.kind === "tell") {
      this.#listener.onEvent(verdict.block, () => {});
    }
    // A client that ignores such a block still hears that the stream is over.
    if (isLast(block)) {
      this.#breakOff();
    }
  }

  #breakOff(): void {
    this.#finish(failure("network", "a stream that goes on", "its end"));
  }

  #beat(): void {
    const { position, feedAt, isInHole } = this.#reader;
    // A tab that has been ahead of the feed for so long goes on from where the feed is, and asks what it has missed.
    const at = isAfter(position, feedAt) ? feedAt : position;
    if (at && !isInHole && this.#feed && !this.#catchUp.isUnderWay) {
      this.#reader.position = at;
      this.#listener.onEvent({ event: "heartbeat", data: "{}", id: at.token }, () => {});
    }
  }
}
