import { element, elementIn, setText } from "./element.ts";
import type { FollowedRoom } from "./followed-room.ts";
import { KeyedList } from "./keyed-list.ts";
import { createMessageItem, updateMessageItem } from "./message-item.ts";
import type { OlderMessages } from "./older-messages.ts";
import { formatCount } from "./room-list.ts";
import type { Row } from "./timeline.ts";

/** Pixels from the end within which a reader counts as reading the newest. */
const NEAR_END = 40;
/** Pixels from the top at which older messages are asked for: before the reader gets there. */
const NEAR_TOP = 400;

export interface MessageListOptions {
  readonly me: () => string;
  readonly onScroll: () => void;
  /** The reader comes near the oldest message. */
  readonly onNearTop: () => void;
}

/** What of a room is on screen. */
export interface ShownRoom {
  readonly roomId: string;
  readonly roomName: string;
  readonly state: FollowedRoom | undefined;
  readonly unreadAfter: number | null;
  readonly unread: number;
}

const pastTexts: Readonly<Record<OlderMessages["state"], string>> = {
  beginning: "",
  some: "Loading older messages…",
  loading: "Loading older messages…",
  none: "Older messages are not kept any more.",
  failed: "Older messages could not be loaded.",
};

/** The messages of the open room, and where the reader is among them. */
export class MessageList {
  readonly #scroller = element("scroller", HTMLDivElement);
  readonly #log = element("log", HTMLDivElement);
  readonly #newer = element("newer", HTMLButtonElement);
  readonly #past = element("past", HTMLSpanElement);
  readonly #retry = element("past-retry", HTMLButtonElement);
  readonly #list: KeyedList<Row>;
  readonly #options: MessageListOptions;
  /** The room whose beginning the reader was put at. */
  #placedIn: string | null = null;
  #isAtEnd = true;
  /** Where the page has put the reader; elsewhere they have gone by themselves. */
  #top = 0;

  constructor(options: MessageListOptions) {
    this.#options = options;
    this.#list = new KeyedList(element("messages", HTMLOListElement), {
      key: ({ message }) => message.id,
      create: createMessageItem,
      update: (item, row, before) => updateMessageItem(item, row, before, options.me()),
    });
    this.#newer.addEventListener("click", () => {
      this.toEnd();
      element("text", HTMLTextAreaElement).focus();
    });
    this.#retry.addEventListener("click", () => options.onNearTop());
    this.#scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // A keyboard or a banner that comes up must not push the newest message out of sight.
    const observer = new ResizeObserver(() => void (this.#isAtEnd && this.toEnd()));
    for (const part of [this.#scroller, this.#log]) observer.observe(part);
  }

  /** Whether the newest message is on screen. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Forgets where the reader was. */
  leave(): void {
    this.#placedIn = null;
    this.#isAtEnd = true;
  }

  render({ roomId, roomName, state, unreadAfter, unread }: ShownRoom): void {
    const isReady = state?.phase === "ready" || (state?.timeline.newest ?? 0) > 0;
    const rows = state?.timeline.rows(unreadAfter) ?? [];
    // The browser tells of scrolling a moment later.
    if (this.#scroller.scrollTop !== this.#top) this.#look();
    const { scrollHeight, scrollTop } = this.#scroller;
    const oldest = element("messages", HTMLOListElement).firstElementChild;
    const isPlaced = this.#placedIn === roomId;
    // A state and history are not read out like news.
    if (!isPlaced || state?.older.state === "loading") this.#beQuiet();
    this.#log.ariaBusy = String(!isReady);
    this.#list.render(rows);
    this.#renderEdges(roomName, state, isReady);
    if (!isPlaced) this.#place(roomId, isReady);
    else if (this.#isAtEnd) this.toEnd();
    else if (oldest !== element("messages", HTMLOListElement).firstElementChild)
      this.#scrollTo(scrollTop + this.#scroller.scrollHeight - scrollHeight);
    this.#newer.hidden = this.#isAtEnd || !isReady;
    setText(elementIn(this.#newer, "span", HTMLElement), unread === 0 ? "Newest" : `${formatCount(unread)} new`);
    if (isReady && this.#scroller.scrollTop < NEAR_TOP && state?.older.state === "some") this.#options.onNearTop();
  }

  toEnd(): void {
    this.#scrollTo(this.#scroller.scrollHeight);
    this.#isAtEnd = true;
  }

  /** Brings a message to the reader, when the page has it. */
  reveal(messageId: string): void {
    const item = this.#list.elementOf(messageId);
    item?.scrollIntoView({ block: "center" });
    item?.classList.add("revealed");
    item?.addEventListener("animationend", () => item.classList.remove("revealed"), { once: true });
  }

  #renderEdges(roomName: string, state: FollowedRoom | undefined, isReady: boolean): void {
    const past = state?.older.state ?? "beginning";
    const isEmpty = isReady && state?.timeline.newest === 0;
    setText(
      this.#past,
      isReady && !isEmpty ? (past === "beginning" ? `This is where ${roomName} began.` : pastTexts[past]) : "",
    );
    this.#retry.hidden = past !== "failed";
    element("skeleton", HTMLDivElement).hidden = isReady || state?.phase === "closed";
    element("empty", HTMLDivElement).hidden = !isEmpty;
    element("closed", HTMLDivElement).hidden = state?.phase !== "closed";
  }

  /** A room opens where one stopped reading, or else at its end. */
  #place(roomId: string, isReady: boolean): void {
    this.toEnd();
    if (!isReady) return;
    this.#placedIn = roomId;
    const line = this.#scroller.querySelector(".new-line:not([hidden])");
    line?.scrollIntoView({ block: "start" });
    this.#look();
  }

  #onScroll(): void {
    this.#look();
    this.#options.onScroll();
  }

  #scrollTo(top: number): void {
    this.#scroller.scrollTop = top;
    this.#top = this.#scroller.scrollTop;
  }

  #look(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#top = scrollTop;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #beQuiet(): void {
    this.#log.ariaLive = "off";
    setTimeout(() => (this.#log.ariaLive = "polite"), 500);
  }
}
