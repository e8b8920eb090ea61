import type { Mention } from "@tidings-apps/chat-contract";
import { Alerts } from "./alerts.ts";
import { ApiError, signOut } from "./api.ts";
import { paintAvatar } from "./avatar.ts";
import { Composer } from "./composer.ts";
import { Drawer } from "./drawer.ts";
import { element, setText } from "./element.ts";
import { listenToKeys } from "./keyboard.ts";
import { MessageList } from "./message-list.ts";
import { Notice } from "./notice.ts";
import { unreadIn } from "./room-list.ts";
import { Preferences } from "./preferences.ts";
import { RoomForm } from "./room-form.ts";
import { RoomHeader } from "./room-header.ts";
import { linkTo, roomIn } from "./room-link.ts";
import { RoomRequests } from "./room-requests.ts";
import { Session } from "./session.ts";
import { Settings } from "./settings.ts";
import { Sidebar } from "./sidebar.ts";
import { StatusLine } from "./status-line.ts";
import { Toasts } from "./toasts.ts";
import { describeTyping } from "./typing-people.ts";
import { UnreadLine } from "./unread-line.ts";
import { WaitingList } from "./waiting-list.ts";

const FIRST_ROOM = "lobby";
/** Milliseconds between two looks at the clock: hints fade and seconds pass without any event. */
const TICK = 250;
/** Looks at the clock between two attempts at what could not be sent. */
const ATTEMPT = 20;

/** The page of somebody who is in. Events change the session's state, and the state is rendered: nothing here remembers what is on screen. */
export class ChatPage {
  readonly #view = element("chat", HTMLDivElement);
  readonly #typing = element("typing", HTMLParagraphElement);
  readonly #status = new StatusLine();
  readonly #drawer = new Drawer();
  readonly #line = new UnreadLine();
  readonly #alerts: Alerts;
  readonly #sidebar: Sidebar;
  readonly #header: RoomHeader;
  readonly #list: MessageList;
  readonly #waiting: WaitingList;
  readonly #notice: Notice;
  readonly #toasts: Toasts;
  readonly #composer: Composer;
  readonly #onLeave: (problem?: string) => void;
  #session: Session | null = null;
  #roomId = FIRST_ROOM;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #isRenderDue = false;

  /** @param onLeave the person has signed out, or their session has ended */
  constructor(onLeave: (problem?: string) => void) {
    this.#onLeave = onLeave;
    const preferences = new Preferences(localStorage);
    const go = (mention: Mention) => this.#goTo(mention);
    this.#alerts = new Alerts(preferences, go);
    this.#toasts = new Toasts({ onOpen: go });
    const requests = new RoomRequests((sentence) => this.#toasts.say(sentence));
    this.#sidebar = new Sidebar({
      onJoin: (roomId) => {
        requests.setMembership(roomId, true);
        location.hash = linkTo(roomId);
      },
      onFilter: () => this.#render(),
    });
    this.#header = new RoomHeader({
      onMembership: (joined) => requests.setMembership(this.#roomId, joined),
      onTopic: (text) => requests.setTopic(this.#roomId, text),
    });
    this.#list = new MessageList({
      me: () => this.#session?.person ?? "",
      onScroll: () => this.#render(),
      onNearTop: () => void this.#loadOlder(),
    });
    this.#waiting = new WaitingList(() => this.#session?.outbox);
    this.#notice = new Notice(() => {
      const room = this.#session?.room(this.#roomId);
      if (room !== undefined) room.gap = null;
      this.#render();
    });
    this.#composer = new Composer({
      onSend: (text) => this.#send(text),
      onTyping: () => requests.hint(this.#roomId),
      names: () => this.#session?.names(this.#roomId) ?? [],
    });
    const settings = new Settings(preferences, this.#alerts);
    const roomForm = new RoomForm((room) => {
      this.#session?.places.open(room);
      location.hash = linkTo(room.id);
    });
    element("open-settings", HTMLButtonElement).addEventListener("click", () => settings.open());
    element("open-new-room", HTMLButtonElement).addEventListener("click", () => roomForm.open());
    element("sign-out", HTMLButtonElement).addEventListener("click", () => void this.#signOut());
    listenToKeys({
      closers: [
        () => this.#composer.closeMenus(),
        () => this.#header.stopEditing(),
        () => this.#drawer.close(),
        () => this.#toasts.clear(),
      ],
      onStep: (by) => this.#step(by),
    });
    window.addEventListener("hashchange", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#render());
  }

  enter(me: string): void {
    setText(element("my-name", HTMLSpanElement), me);
    paintAvatar(element("my-avatar", HTMLSpanElement), me);
    this.#view.hidden = false;
    this.#session = new Session(me, {
      onBegin: () => this.#open(),
      onChange: () => this.#renderSoon(),
      onMention: (mention) => this.#tell(mention),
      onMessage: (roomId) => void (roomId === this.#roomId && !this.#isLooking() && this.#moveLine()),
      onEnd: () => this.#leave("Your session has ended, perhaps in another window. Sign in again to go on."),
    });
    this.#status.follow(this.#session.client.status);
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#open();
    this.#composer.focus();
  }

  #open(): void {
    if (this.#session === null) return;
    this.#roomId = roomIn(location.hash) ?? FIRST_ROOM;
    const { read, newest } = this.#session.places.get(this.#roomId);
    this.#line.begin(read, newest);
    this.#list.leave();
    this.#header.stopEditing(false);
    this.#session.open(this.#roomId);
    if (this.#drawer.close()) this.#composer.focus();
    this.#render();
  }

  #renderSoon(): void {
    // Once for a whole page of events; a microtask, because a hidden tab has no frames and a title all the same.
    if (this.#isRenderDue) return;
    this.#isRenderDue = true;
    queueMicrotask(() => {
      this.#isRenderDue = false;
      this.#render();
    });
  }

  #render(): void {
    const session = this.#session;
    if (session === null) return;
    if (!session.places.has(this.#roomId) && session.places.has(FIRST_ROOM)) {
      // There never was such a room, or the server has forgotten it.
      history.replaceState(null, "", linkTo(FIRST_ROOM));
      return this.#open();
    }
    const place = session.places.get(this.#roomId);
    const state = session.room(this.#roomId);
    if (this.#list.isAtEnd && state?.timeline.trim() === true) state.older.reset();
    this.#header.render(place, state?.topic ?? "");
    this.#composer.enter(place.id, place.name);
    this.#notice.render(state?.gap ?? null);
    const isLive = session.client.status.value.state === "live";
    this.#waiting.render(session.outbox.waiting(place.id), session.person, isLive);
    this.#list.render({
      roomId: place.id,
      roomName: place.name,
      state,
      unreadAfter: this.#line.after,
      unread: unreadIn(place),
    });
    this.#renderTyping();
    this.#toasts.keep(({ messageId }) => session.mentions.isUnread(messageId));
    if (this.#isLooking()) session.markRead(this.#roomId);
    this.#sidebar.render(session, this.#roomId);
    this.#alerts.render(place.name, session.places.unread());
  }

  #renderTyping(): void {
    setText(this.#typing, describeTyping(this.#session?.room(this.#roomId)?.typing.at(Date.now()) ?? []));
  }

  /** Whether what comes in the open room is seen at once. */
  #isLooking(): boolean {
    const isReady = this.#session?.room(this.#roomId)?.phase === "ready";
    return isReady && document.visibilityState === "visible" && this.#list.isAtEnd;
  }

  #moveLine(): void {
    const place = this.#session?.places.get(this.#roomId);
    if (place !== undefined) this.#line.arrive(place.read);
  }

  #tell(mention: Mention): void {
    if (mention.roomId === this.#roomId && this.#isLooking()) return;
    this.#toasts.add(mention);
    this.#alerts.tell(mention);
  }

  #goTo({ roomId, messageId }: Mention): void {
    location.hash = linkTo(roomId);
    // The room opens with the event that follows the change of the address.
    setTimeout(() => this.#list.reveal(messageId));
  }

  #send(text: string): void {
    const session = this.#session;
    if (session === null) return;
    this.#line.clear();
    session.outbox.add(this.#roomId, text, session.places.get(this.#roomId).newest, Date.now());
    this.#list.toEnd();
    this.#render();
  }

  async #loadOlder(): Promise<void> {
    const room = this.#session?.room(this.#roomId);
    const loading = room?.older.load();
    this.#renderSoon();
    await loading;
    this.#render();
  }

  /** To the room above or below in the sidebar. */
  #step(by: -1 | 1): void {
    const rooms = this.#session?.places.list(true) ?? [];
    const at = rooms.findIndex(({ id }) => id === this.#roomId);
    const next = rooms[(Math.max(at, by === 1 ? -1 : 0) + by + rooms.length) % rooms.length];
    if (next !== undefined) location.hash = linkTo(next.id);
  }

  async #signOut(): Promise<void> {
    try {
      await signOut();
      this.#leave();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The cookie is the server's to take back.
      this.#leave(`You have left, but the server could not be told: a reload brings you back in. ${error.message}`);
    }
  }

  #leave(problem?: string): void {
    this.#session?.close();
    this.#session = null;
    clearInterval(this.#timer);
    this.#composer.clear();
    this.#toasts.clear();
    this.#alerts.clear();
    this.#view.hidden = true;
    this.#onLeave(problem);
  }

  #tick(): void {
    this.#renderTyping();
    this.#status.tick(Date.now());
    if (++this.#ticks % ATTEMPT === 0 && navigator.onLine) this.#session?.tryAgain();
  }
}
