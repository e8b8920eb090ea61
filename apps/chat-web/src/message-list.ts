import type { Message } from "@tidings-apps/chat-contract";
import { sayAnswer } from "./answer-state.ts";
import { element, elementIn, setText } from "./element.ts";
import type { FollowedRoom } from "./followed-room.ts";
import { KeyedList } from "./keyed-list.ts";
import { createMessageItem, enableMessageButtons, updateMessageItem } from "./message-item.ts";
import type { OlderMessages } from "./older-messages.ts";
import { formatCount } from "./room-list.ts";
import type { TimelineRow } from "./timeline.ts";

/** A person within this many pixels of the end counts as reading the newest message. */
const NEAR_END = 40;
/** Older messages are loaded at this many pixels from the top: before the person gets there. */
const NEAR_TOP = 400;
/** Milliseconds for which a screen reader does not read new messages out. */
const QUIET_TIME = 500;

/** What the list asks for and calls. */
export interface MessageListOptions {
  readonly me: () => string;
  readonly onScroll: () => void;
  /** The person comes near the oldest message. */
  readonly onNearTop: () => void;
  /** A message that was looked for is on screen. */
  readonly onReveal: (messageId: string) => void;
}

/** What the list shows of the open room. */
export interface ShownRoom {
  readonly roomId: string;
  readonly roomName: string;
  readonly state: FollowedRoom | undefined;
  readonly unreadAfter: number | null;
  readonly unread: number;
  /** The text so far of an answer that is being written; otherwise null. */
  readonly writtenOf: (messageId: string) => string | null;
  /** Whether the person is a member of the room. */
  readonly isMember: boolean;
  readonly isLive: boolean;
}

/** The messages of the open room, and the position of the reader among them. */
export class MessageList {
  readonly #scroller = element("scroller", HTMLDivElement);
  readonly #log = element("log", HTMLDivElement);
  readonly #items = element("messages", HTMLOListElement);
  readonly #newer = element("newer", HTMLButtonElement);
  readonly #news = element("answer-news", HTMLParagraphElement);
  readonly #past = element("past", HTMLSpanElement);
  readonly #retry = element("past-retry", HTMLButtonElement);
  readonly #list: KeyedList<TimelineRow>;
  readonly #options: MessageListOptions;
  /** The room that was scrolled to the position where it opens. */
  #positionedRoom: string | null = null;
  #isAtEnd = true;
  /** The number of the newest message that was on screen; null before the room is ready. */
  #lastSeen: number | null = null;
  /** The message to scroll to as soon as the page has it. Until then the page loads older messages. */
  #toReveal: string | null = null;
  /** The same for the room that opens next. */
  #toRevealNext: string | null = null;
  /** The scroll position that the page has set. At any other position the person has scrolled. */
  #top = 0;

  constructor(options: MessageListOptions) {
    this.#options = options;
    this.#list = new KeyedList(this.#items, {
      key: ({ message }) => message.id,
      create: createMessageItem,
      update: (item, row, previous) => updateMessageItem(item, row, previous, options.me()),
    });
    this.#newer.addEventListener("click", () => {
      this.showEnd();
      element("text", HTMLTextAreaElement).focus();
    });
    this.#retry.addEventListener("click", () => options.onNearTop());
    this.#scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    // A keyboard or a notice that appears must not push the newest message out of sight.
    const observer = new ResizeObserver(() => {
      if (this.#isAtEnd) this.#scrollToEnd();
    });
    observer.observe(this.#scroller);
    observer.observe(this.#log);
  }

  /** Whether the person reads the newest message, and does not wait for an older one that the page looks for. */
  get isAtEnd(): boolean {
    return this.#isAtEnd && this.#toReveal === null;
  }

  /** Forgets the reader's position, because another room opens. */
  leave(): void {
    this.#positionedRoom = null;
    this.#isAtEnd = true;
    this.#lastSeen = null;
    this.#toReveal = this.#toRevealNext;
    this.#toRevealNext = null;
  }

  render(room: ShownRoom): void {
    const { roomId, roomName, state, unreadAfter } = room;
    const isReady = state?.phase === "ready" || (state?.timeline.newest ?? 0) > 0;
    // The browser reports a scroll with an event that comes a little later.
    if (this.#scroller.scrollTop !== this.#top) this.#readPosition();
    const read = this.#isAtEnd ? undefined : this.#firstOnScreen();
    const topBefore = topOf(read);
    const isPositioned = this.#positionedRoom === roomId;
    // A screen reader must not read a snapshot or history out like new messages.
    if (!isPositioned || state?.older.state === "loading") this.#beQuiet();
    this.#log.ariaBusy = String(!isReady);
    this.#list.render(state?.timeline.rows(unreadAfter, room.writtenOf) ?? []);
    enableMessageButtons(this.#items, room);
    this.#renderEdges(roomName, state, isReady);
    if (!isPositioned) {
      this.#scrollToOpening(roomId, isReady);
    } else if (this.#isAtEnd) {
      this.#scrollToEnd();
    } else if (read?.isConnected === true && topOf(read) !== topBefore) {
      // Older messages have come at the top, or one above has changed: what the person reads must not move.
      const moved = topOf(read) - topBefore;
      this.#scrollTo(this.#scroller.scrollTop + moved);
    }
    if (this.#toReveal !== null) this.#tryToReveal(this.#toReveal);
    const older = state?.older.state;
    // The message was deleted, is not kept any more, or cannot be loaded.
    if (isReady && older !== "more" && older !== "loading") this.#toReveal = null;
    this.#renderNewer(room, isReady);
    const wantsOlder = this.#toReveal !== null || this.#scroller.scrollTop < NEAR_TOP;
    if (isReady && wantsOlder && older === "more") this.#options.onNearTop();
  }

  /** Lets a screen reader read an answer out: nobody hears it word by word. */
  readOut(answer: Message): void {
    setText(this.#news, sayAnswer(answer));
  }

  /** The person wants to be at the end: the page looks for no older message any more. */
  showEnd(): void {
    this.#toReveal = null;
    this.#scrollToEnd();
  }

  /** Scrolls to a message of the room that opens next: with the event by which the browser reports the new address. */
  revealNext(messageId: string): void {
    this.#toRevealNext = messageId;
  }

  /** Scrolls to a message of the open room and highlights it, as soon as the page has it. */
  reveal(messageId: string): void {
    this.#tryToReveal(messageId);
    // Also after a failure: the person has asked anew.
    if (this.#toReveal !== null) this.#options.onNearTop();
  }

  #tryToReveal(messageId: string): void {
    const item = this.#list.elementOf(messageId);
    this.#toReveal = item === undefined ? messageId : null;
    if (item === undefined) return;
    item.scrollIntoView({ block: "center" });
    this.#readPosition();
    item.classList.add("revealed");
    item.addEventListener("animationend", () => item.classList.remove("revealed"), { once: true });
    this.#options.onReveal(messageId);
  }

  /** Shows the button that leads to the end, with the number of messages that the person has not seen. */
  #renderNewer({ state, unread }: ShownRoom, isReady: boolean): void {
    const newest = state?.timeline.newest ?? 0;
    if (isReady && (this.#isAtEnd || this.#lastSeen === null)) this.#lastSeen = newest;
    // In a room that the person has not joined, nothing is unread, but messages come all the same.
    const count = Math.max(unread, newest - (this.#lastSeen ?? newest));
    this.#newer.hidden = this.#isAtEnd || !isReady;
    setText(elementIn(this.#newer, "span", HTMLElement), count === 0 ? "Newest" : `${formatCount(count)} new`);
  }

  #renderEdges(roomName: string, state: FollowedRoom | undefined, isReady: boolean): void {
    const older = state?.older.state ?? "beginning";
    const isEmpty = isReady && state?.timeline.newest === 0;
    const isClosed = state?.phase === "closed";
    setText(this.#past, isReady && !isEmpty ? describePast(older, roomName) : "");
    this.#retry.hidden = older !== "failed";
    element("skeleton", HTMLDivElement).hidden = isReady || isClosed;
    element("empty", HTMLDivElement).hidden = !isEmpty;
    element("closed", HTMLDivElement).hidden = !isClosed;
  }

  /** Scrolls to where a room opens: at the line "New messages", or at the end if there is no line. */
  #scrollToOpening(roomId: string, isReady: boolean): void {
    this.#scrollToEnd();
    if (!isReady) return;
    this.#positionedRoom = roomId;
    const line = this.#scroller.querySelector(".new-line:not([hidden])");
    line?.scrollIntoView({ block: "start" });
    this.#readPosition();
    if (this.#toReveal !== null) this.reveal(this.#toReveal);
  }

  #onScroll(): void {
    this.#readPosition();
    this.#options.onScroll();
  }

  #scrollToEnd(): void {
    this.#scrollTo(this.#scroller.scrollHeight);
    this.#isAtEnd = true;
  }

  #scrollTo(top: number): void {
    this.#scroller.scrollTop = top;
    this.#top = this.#scroller.scrollTop;
  }

  #readPosition(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#top = scrollTop;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  /** The text of the first message that is on screen, at least in part. */
  #firstOnScreen(): Element | undefined {
    const { children } = this.#items;
    const { top } = this.#scroller.getBoundingClientRect();
    let low = 0;
    let high = children.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const isAbove = (children[middle]?.getBoundingClientRect().bottom ?? 0) <= top;
      if (isAbove) low = middle + 1;
      else high = middle;
    }
    return children[low]?.querySelector(".text") ?? undefined;
  }

  #beQuiet(): void {
    this.#log.ariaLive = "off";
    setTimeout(() => {
      this.#log.ariaLive = "polite";
    }, QUIET_TIME);
  }
}

/** Where an element is in the window, in pixels; 0 if there is none. */
function topOf(shown: Element | undefined): number {
  return shown?.getBoundingClientRect().top ?? 0;
}

/** Returns the text above the oldest message. */
function describePast(older: OlderMessages["state"], roomName: string): string {
  switch (older) {
    case "beginning":
      return `This is where ${roomName} began.`;
    case "more":
    case "loading":
      return "Loading older messages…";
    case "trimmed":
      return "Older messages are not kept any more.";
    case "failed":
      return "Older messages could not be loaded.";
  }
}
