import type { Mention } from "@tidings-apps/chat-contract";
import { Alerts } from "./alerts.ts";
import { paintAvatar } from "./avatar.ts";
import { Composer } from "./composer.ts";
import { Drawer } from "./drawer.ts";
import { element, setText } from "./element.ts";
import { listenToKeys } from "./keyboard.ts";
import { MessageActions } from "./message-actions.ts";
import { MessageList } from "./message-list.ts";
import { Notice } from "./notice.ts";
import { Preferences } from "./preferences.ts";
import { RoomForm } from "./room-form.ts";
import { RoomHeader } from "./room-header.ts";
import { linkTo, roomIn } from "./room-link.ts";
import { unreadIn } from "./room-list.ts";
import { RoomRequests } from "./room-requests.ts";
import { Session } from "./session.ts";
import { Settings } from "./settings.ts";
import { Sidebar } from "./sidebar.ts";
import { SignOut } from "./sign-out.ts";
import { StatusLine } from "./status-line.ts";
import { Toasts } from "./toasts.ts";
import { describeTyping } from "./typing-people.ts";
import { UnreadLine } from "./unread-line.ts";
import { WaitingList } from "./waiting-list.ts";

const FIRST_ROOM = "lobby";
/** Milliseconds between two ticks: typing hints end and the countdown changes without any event. */
const TICK_INTERVAL = 250;
/** The number of ticks between two attempts to send what could not be sent. */
const TICKS_PER_ATTEMPT = 20;

/**
 * The page of a person who is signed in. Events change the state of the session, and every change renders all of it.
 */
export class ChatPage {
  readonly #view = element("chat", HTMLDivElement);
  readonly #typing = element("typing", HTMLParagraphElement);
  readonly #status = new StatusLine(() => this.#session?.client.reconnect());
  readonly #drawer = new Drawer();
  readonly #unreadLine = new UnreadLine();
  readonly #alerts: Alerts;
  readonly #sidebar: Sidebar;
  readonly #header: RoomHeader;
  readonly #messageList: MessageList;
  readonly #waitingList: WaitingList;
  readonly #notice: Notice;
  readonly #toasts: Toasts;
  readonly #composer: Composer;
  readonly #actions: MessageActions;
  readonly #signOut = new SignOut((problem) => this.#leave(problem));
  readonly #onLeave: (problem?: string) => void;
  #session: Session | null = null;
  #roomId = FIRST_ROOM;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #isRenderDue = false;

  /** @param onLeave called when the person has signed out, or their session has ended */
  constructor(onLeave: (problem?: string) => void) {
    this.#onLeave = onLeave;
    const preferences = new Preferences(localStorage);
    const openMention = (mention: Mention) => this.#openMention(mention);
    this.#alerts = new Alerts(preferences, openMention);
    this.#toasts = new Toasts({ onOpen: openMention });
    const requests = new RoomRequests((sentence) => this.#toasts.say(sentence));
    this.#sidebar = new Sidebar({
      onJoin: (roomId) => {
        requests.setMembership(roomId, true);
        location.hash = linkTo(roomId);
      },
      onFilter: () => this.#render(),
      onOpenMention: openMention,
    });
    this.#header = new RoomHeader({
      onMembership: (joined) => requests.setMembership(this.#roomId, joined),
      onTopic: (text, before) => requests.setTopic(this.#roomId, text, before),
    });
    this.#messageList = new MessageList({
      me: () => this.#session?.person ?? "",
      onScroll: () => this.#render(),
      onNearTop: () => void this.#loadOlder(),
      onReveal: (messageId) => this.#session?.readMention(messageId),
    });
    this.#waitingList = new WaitingList(() => this.#session?.outbox);
    this.#notice = new Notice(() => this.#dismissNotice());
    this.#actions = new MessageActions({
      session: () => this.#session,
      roomId: () => this.#roomId,
      onEdit: (message) => this.#composer.edit(message),
      onProblem: (sentence) => this.#toasts.say(sentence),
    });
    this.#composer = new Composer({
      onEdit: (messageId, edit) => this.#actions.edit(this.#roomId, messageId, edit),
      ownNewest: () => this.#actions.ownNewest(),
      onSend: (text) => this.#send(text),
      onTyping: () => requests.sendTypingHint(this.#roomId),
      preferences,
      names: () => this.#session?.names(this.#roomId) ?? [],
    });
    const settings = new Settings(preferences, this.#alerts);
    const roomForm = new RoomForm((room) => {
      this.#session?.roomList.addRoom(room);
      location.hash = linkTo(room.id);
    });
    element("open-settings", HTMLButtonElement).addEventListener("click", () => settings.open());
    element("open-new-room", HTMLButtonElement).addEventListener("click", () => roomForm.open());
    listenToKeys({
      closers: [
        () => this.#composer.closeMenus(),
        () => this.#header.stopEditing(),
        () => this.#drawer.close(),
        () => this.#toasts.clear(),
      ],
      onStep: (step) => this.#openNeighbour(step),
    });
    window.addEventListener("hashchange", () => this.#openRoom());
    document.addEventListener("visibilitychange", () => this.#render());
  }

  /** Shows the chat to the person with this name. */
  enter(me: string): void {
    setText(element("my-name", HTMLSpanElement), me);
    paintAvatar(element("my-avatar", HTMLSpanElement), me);
    this.#view.hidden = false;
    this.#session = new Session(me, {
      onBegin: () => this.#openRoom(),
      onChange: () => this.#renderSoon(),
      onMention: (mention) => this.#announce(mention),
      onMessage: (roomId) => {
        if (roomId === this.#roomId && !this.#isLooking()) this.#moveUnreadLine();
      },
      onAnswer: (message) => this.#messageList.readOut(message),
      onEnd: () => {
        // The answer to signing out removes the cookie, so nobody may sign in before it.
        if (this.#signOut.isWaiting) return;
        this.#leave("Your session has ended, perhaps in another window. Sign in again to go on.");
      },
    });
    this.#status.follow(this.#session.client.status);
    this.#session.client.status.subscribe(() => this.#renderSoon());
    this.#timer = setInterval(() => this.#tick(), TICK_INTERVAL);
    this.#composer.begin(me);
    this.#openRoom();
  }

  /** Opens the room that the address of the page names. */
  #openRoom(): void {
    if (this.#session === null) return;
    this.#roomId = roomIn(location.hash) ?? FIRST_ROOM;
    const { read, newest } = this.#session.roomList.get(this.#roomId);
    this.#unreadLine.enterRoom(read, newest);
    this.#messageList.leave();
    this.#actions.close();
    this.#header.stopEditing(false);
    this.#session.open(this.#roomId);
    const hasClosedDrawer = this.#drawer.close();
    if (hasClosedDrawer) this.#composer.focus();
    this.#render();
  }

  /**
   * Renders once for all events of the current task. It uses a microtask and not an animation frame, because a hidden
   * tab has no frames, but its title has to change.
   */
  #renderSoon(): void {
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
    const { roomList } = session;
    if (!roomList.has(this.#roomId) && roomList.has(FIRST_ROOM)) {
      // The room does not exist, or the server has lost it.
      history.replaceState(null, "", linkTo(FIRST_ROOM));
      return this.#openRoom();
    }
    const room = roomList.get(this.#roomId);
    const state = session.followedRoom(this.#roomId);
    const hasTrimmed = this.#messageList.isAtEnd && state?.timeline.trim() === true;
    if (hasTrimmed) state.older.reset();
    this.#header.render(room, state?.topic ?? "");
    this.#composer.enter(room.id, room.name);
    this.#notice.render(state?.gap ?? null);
    const isLive = session.client.status.value.state === "live";
    this.#waitingList.render(session.outbox.waiting(room.id), session.person, isLive);
    this.#messageList.render({
      roomId: room.id,
      roomName: room.name,
      state,
      unreadAfter: this.#unreadLine.after,
      unread: unreadIn(room),
      writtenOf: (messageId) => session.answers.textOf(messageId),
      isMember: room.joined,
      isLive,
    });
    this.#renderTyping();
    this.#toasts.keep(({ messageId }) => session.mentions.isUnread(messageId));
    if (this.#isLooking()) session.markRead(this.#roomId);
    this.#sidebar.render(session, this.#roomId);
    this.#alerts.render(room.name, session.unread());
  }

  #renderTyping(): void {
    const names = this.#session?.followedRoom(this.#roomId)?.typing.at(Date.now()) ?? [];
    setText(this.#typing, describeTyping(names));
  }

  /** Returns whether the person sees a new message of the open room at once. */
  #isLooking(): boolean {
    const isReady = this.#session?.followedRoom(this.#roomId)?.phase === "ready";
    return isReady && document.visibilityState === "visible" && this.#messageList.isAtEnd;
  }

  #moveUnreadLine(): void {
    const room = this.#session?.roomList.get(this.#roomId);
    if (room !== undefined) this.#unreadLine.moveTo(room.read);
  }

  #announce(mention: Mention): void {
    if (mention.roomId === this.#roomId && this.#isLooking()) return;
    this.#toasts.add(mention);
    this.#alerts.announce(mention);
  }

  #openMention({ roomId, messageId }: Mention): void {
    this.#drawer.close();
    if (roomId === this.#roomId) return this.#messageList.reveal(messageId);
    this.#messageList.revealNext(messageId);
    location.hash = linkTo(roomId);
  }

  #dismissNotice(): void {
    const room = this.#session?.followedRoom(this.#roomId);
    if (room !== undefined) room.gap = null;
    this.#render();
  }

  #send(text: string): void {
    const session = this.#session;
    if (session === null) return;
    this.#unreadLine.clear();
    session.outbox.add(this.#roomId, text, session.roomList.get(this.#roomId).newest, Date.now());
    this.#messageList.showEnd();
    this.#render();
  }

  async #loadOlder(): Promise<void> {
    const room = this.#session?.followedRoom(this.#roomId);
    const loading = room?.older.load();
    this.#renderSoon();
    await loading;
    this.#render();
  }

  /** Opens the joined room above (-1) or below (1) in the sidebar. After the last room comes the first. */
  #openNeighbour(step: -1 | 1): void {
    const rooms = this.#session?.roomList.list(true) ?? [];
    const current = rooms.findIndex(({ id }) => id === this.#roomId);
    // If the open room is not in the list (-1), 1 leads to the first room and -1 to the last.
    const start = step === 1 ? current : Math.max(current, 0);
    const next = rooms[(start + step + rooms.length) % rooms.length];
    if (next !== undefined) location.hash = linkTo(next.id);
  }

  #leave(problem?: string): void {
    this.#session?.close();
    this.#session = null;
    clearInterval(this.#timer);
    this.#actions.close();
    this.#composer.leave();
    this.#toasts.clear();
    this.#alerts.clear();
    this.#view.hidden = true;
    this.#onLeave(problem);
  }

  #tick(): void {
    this.#renderTyping();
    this.#status.tick(Date.now());
    this.#ticks++;
    const isAttemptDue = this.#ticks % TICKS_PER_ATTEMPT === 0;
    if (isAttemptDue) this.#session?.tryAgain();
  }
}
