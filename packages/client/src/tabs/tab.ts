import type { EventRequest } from "@tidings/protocol";
import type { StreamListener } from "../drive/open-stream.ts";
import type { ShareNeeds } from "../share.ts";
import type { ContentOf, MessageKind, TabMessage, News } from "./message.ts";
import type { TabChannel, Platform } from "./platform.ts";
import { readMessage } from "./read-message.ts";
import { Relay } from "./relay.ts";
import { TabStream } from "./tab-stream.ts";

/** Milliseconds of silence after which a tab asks whether the leader is there, and as many more at random. */
const SILENCE = 5_000;
/** Milliseconds in which a leader that runs answers, and up to one second more at random. */
const ANSWER = 3_000;
/** Milliseconds after which a tab says that it is still there, however much it hears. */
const SIGN = 45_000;

/** The time for which this tab leads. */
interface Leadership {
  readonly relay: Relay;
  readonly release: () => void;
}

/**
 * One tab among those that share a stream, for as long as it has a stream. One of them leads: it holds a lock, and has
 * a relay. The others watch whether it is alive, and take the lock when it is not.
 *
 * That only one leads saves connections. What a tab tells its client is right also while two of them do.
 */
export class Tab {
  readonly #name: string;
  readonly #needs: ShareNeeds;
  readonly #platform: Platform;
  readonly #onEmpty: () => void;
  readonly #onNoAnswer: () => void;
  readonly #tab: string;
  readonly #streams = new Map<string, TabStream>();
  readonly #channel: TabChannel;
  #count = 0;
  #isClosed = false;
  #leadership: Leadership | null = null;
  /** Ends the wait for the lock. */
  #queue = new AbortController();
  #cancelWatch = () => {};
  #lastSign: number;

  /**
   * @param name what all tabs that share a stream have in common
   * @param onEmpty called when no stream is left
   * @param onNoAnswer called when the browser neither gives nor refuses locks
   * @throws the error of a browser that does not allow the channel
   */
  constructor(name: string, needs: ShareNeeds, platform: Platform, onEmpty: () => void, onNoAnswer: () => void) {
    this.#name = name;
    this.#needs = needs;
    this.#platform = platform;
    this.#onEmpty = onEmpty;
    this.#onNoAnswer = onNoAnswer;
    this.#tab = `${needs.random()}${needs.random()}`.replaceAll("0.", "");
    this.#lastSign = needs.clock.now();
    this.#channel = platform.openChannel(name, (sent) => {
      const message = readMessage(sent);
      if (message) {
        this.#hear(message);
      }
    });
    this.#waitForLock();
    this.#watchFor(ANSWER);
  }

  /** Returns what ends it. */
  open(request: EventRequest, listener: StreamListener): () => void {
    const stream = new TabStream(`${this.#tab}/${++this.#count}`, request, listener, {
      ...this.#needs,
      post: this.#post,
      onOver: (name) => this.#remove(name),
    });
    this.#streams.set(stream.name, stream);
    stream.ask();
    return () => stream.end();
  }

  readonly #post = <Name extends MessageKind>(kind: Name, about: ContentOf<Name>): void => {
    // The compiler does not see that name and content belong together.
    const message = { kind, from: this.#tab, about } as unknown as TabMessage;
    if (!this.#isClosed) {
      try {
        this.#channel.send(message);
      } catch {
        // The browser does not send it, for example because it is too large. That is one more way to lose a message.
      }
      // A channel does not hear itself.
      queueMicrotask(() => this.#hear(message));
    }
  };

  #hear(message: TabMessage): void {
    if (this.#isClosed) {
      return;
    }
    if (message.kind === "want" || message.kind === "leave" || message.kind === "ping") {
      this.#leadership?.relay.hear(message);
      return;
    }
    this.#onSign(message);
    for (const stream of [...this.#streams.values()]) {
      stream.hear(message);
    }
  }

  /** The leader is alive. */
  #onSign({ kind, from }: News): void {
    if (kind === "lead" && from !== this.#tab) {
      // It has taken the lock.
      this.#endLeadership(this.#leadership);
    }
    const now = this.#needs.clock.now();
    if (Math.abs(now - this.#lastSign) > SIGN) {
      this.#ping();
    }
    this.#watchFor(SILENCE * (1 + this.#needs.random()));
  }

  #ping(): void {
    this.#lastSign = this.#needs.clock.now();
    this.#post("ping", { streams: [...this.#streams.keys()] });
  }

  #watchFor(milliseconds: number, then = () => this.#probe()): void {
    this.#cancelWatch();
    if (!this.#leadership) {
      this.#cancelWatch = this.#needs.clock.setTimeout(then, milliseconds);
    }
  }

  /** Nobody has said anything: is the leader there? Its page may be frozen. */
  #probe(): void {
    this.#ping();
    this.#watchFor(ANSWER + 1_000 * this.#needs.random(), () => {
      void this.#hold({ steal: true });
      // A lock is stolen at once, unless the browser never answers.
      this.#watchFor(ANSWER, () => {
        this.#onNoAnswer();
        this.#disband();
      });
    });
  }

  #waitForLock(): void {
    this.#queue = new AbortController();
    void this.#hold({ signal: this.#queue.signal });
  }

  async #hold(options: { readonly signal: AbortSignal } | { readonly steal: true }): Promise<void> {
    const { signal } = this.#queue;
    let isGranted = false;
    let endLeadership = () => {};
    try {
      await this.#platform.locks.request(this.#name, options, () => {
        isGranted = true;
        return new Promise((release) => {
          endLeadership = this.#beginLeadership(release);
        });
      });
    } catch {
      // Another tab has taken the lock, or this tab does not wait for it any more.
    }
    endLeadership();
    if (!isGranted && !signal.aborted) {
      // The browser does not give locks to this page.
      this.#disband();
    }
  }

  /** Returns what ends it. */
  #beginLeadership(release: () => void): () => void {
    if (this.#isClosed || this.#leadership) {
      release();
      return () => {};
    }
    const resign = () => this.#endLeadership(leadership);
    const leadership = { release, relay: new Relay({ ...this.#needs, tab: this.#tab, post: this.#post, resign }) };
    this.#leadership = leadership;
    this.#queue.abort();
    this.#cancelWatch();
    return resign;
  }

  #endLeadership(leadership: Leadership | null): void {
    if (!leadership || leadership !== this.#leadership) {
      return;
    }
    this.#leadership = null;
    leadership.relay.close();
    leadership.release();
    if (!this.#isClosed) {
      this.#waitForLock();
      this.#watchFor(SILENCE);
    }
  }

  /** Each stream goes on by itself. */
  #disband(): void {
    for (const stream of [...this.#streams.values()]) {
      stream.goAlone();
    }
  }

  #remove(name: string): void {
    this.#streams.delete(name);
    if (this.#streams.size === 0 && !this.#isClosed) {
      this.#close();
    }
  }

  #close(): void {
    this.#isClosed = true;
    this.#cancelWatch();
    this.#queue.abort();
    this.#endLeadership(this.#leadership);
    this.#channel.close();
    this.#onEmpty();
  }
}
