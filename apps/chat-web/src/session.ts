import {
  ASSISTANT,
  chat,
  PERSON_HEADER,
  personHeader,
  type Membership,
  type Mention,
  type Message,
} from "@tidings-apps/chat-contract";
import { createClient, type Client } from "@tidings/client";
import { createPresence, type Followed, type Person } from "@tidings/client/presence";
import { tabs } from "@tidings/client/tabs";
import { actAs, ApiError, listRooms, postMessage, putRead } from "./api.ts";
import { compareNames } from "./compare-names.ts";
import { FollowedAnswers } from "./followed-answers.ts";
import { FollowedRoom } from "./followed-room.ts";
import { Mentions } from "./mentions.ts";
import { Outbox } from "./outbox.ts";
import { ReadMarks } from "./read-marks.ts";
import { RoomList } from "./room-list.ts";
import { UnfollowedRooms } from "./unfollowed-rooms.ts";

/**
 * The most rooms that are followed at once: with directory, inbox, presence and servers, a connection has at most
 * 100 channels.
 */
const MAX_FOLLOWED_ROOMS = 90;

/** What the session calls. */
export interface SessionListener {
  /** The session has begun to follow the person's rooms. */
  onBegin(): void;
  /** Something that is on screen may have changed. */
  onChange(): void;
  /** Somebody has mentioned the person, in any room. */
  onMention(mention: Mention): void;
  /** A message has come. */
  onMessage(roomId: string): void;
  /** The assistant's answer in the open room has ended. */
  onAnswer(message: Message): void;
  /** The session of the person has ended at the server. */
  onEnd(): void;
}

/**
 * The chat of one person while they are signed in: one connection for all of their tabs, and the state that its events
 * build in this one. No DOM in here.
 */
export class Session {
  readonly person: string;
  readonly client: Client<typeof chat>;
  readonly roomList = new RoomList();
  readonly mentions = new Mentions();
  /** The answers of the open room that are being written. */
  readonly answers: FollowedAnswers;
  /** Who is online. Null before the session has begun. */
  #people: Followed<readonly Person<null>[]> | null = null;
  readonly outbox: Outbox;
  readonly #readMarks = new ReadMarks((mark) => this.#ask(() => putRead(mark)));
  readonly #followedRooms = new Map<string, FollowedRoom>();
  readonly #unfollowedRooms = new UnfollowedRooms(
    () => this.#ask(listRooms),
    (rooms) => {
      for (const { id, newest } of rooms) this.roomList.raiseNewest(id, newest);
      this.#listener.onChange();
    },
  );
  readonly #listener: SessionListener;
  #openRoom = "lobby";
  #isClosed = false;

  constructor(person: string, listener: SessionListener) {
    this.person = person;
    actAs(person);
    const headers = { [PERSON_HEADER]: personHeader(person) };
    this.client = createClient(chat, { url: "/events", headers, share: tabs({ viewer: person }) });
    this.#listener = listener;
    this.answers = new FollowedAnswers({
      client: this.client,
      onWord: () => listener.onChange(),
      onEnd: (message) => listener.onAnswer(message),
      onProblem: (error) => console.error("The words of an answer cannot be read.", error),
    });
    this.outbox = new Outbox({
      person,
      storage: localStorage,
      post: (...message) => this.#ask(() => postMessage(...message)),
      arrival: async (roomId, eventId) => this.followedRoom(roomId)?.reached(eventId),
      onChange: () => listener.onChange(),
      onSessionEnd: () => this.#end(),
    });
    this.client.status.subscribe((status) => {
      if (status.state === "live") this.tryAgain();
      if (status.state === "closed" && status.reason === "unauthenticated") this.#end();
    });
    void this.#begin();
  }

  /** Returns the state of a room that is followed. */
  followedRoom(roomId: string): FollowedRoom | undefined {
    return this.#followedRooms.get(roomId);
  }

  /** Opens a room: follows it, and stops to follow the room before if the person has not joined that one. */
  open(roomId: string): void {
    this.#openRoom = roomId;
    this.#updateFollowedRooms();
  }

  /** Returns the names of everybody who is online, sorted. */
  people(): string[] {
    const people = this.#people?.value ?? [];
    return people.map(({ viewer }) => viewer).sort(compareNames);
  }

  /** Returns the names that can be mentioned: the assistant, and who is online or has written in the room. */
  names(roomId: string): string[] {
    const authors = this.followedRoom(roomId)?.timeline.messages.map(({ author }) => author) ?? [];
    return [...new Set([ASSISTANT, ...this.people(), ...authors])].filter((name) => name !== this.person);
  }

  /** The person has seen the newest message of the room. */
  markRead(roomId: string): void {
    const { joined, read, newest } = this.roomList.get(roomId);
    // A mention can be in a room that the person only looks into.
    const counts = joined || this.mentions.countIn(roomId) > 0;
    if (!counts || newest <= read) return;
    // The page does not wait for the server: a message on screen is never shown as unread.
    this.#setMembership({ roomId, joined, read: newest });
    this.#readMarks.set({ roomId, read: newest });
  }

  /**
   * A mention is on screen. In a room that the person has not joined, nothing else counts. So it is read, and its room
   * up to it, unless an older mention there would go away unseen.
   */
  readMention(messageId: string): void {
    const mention = this.mentions.list().find((unread) => unread.messageId === messageId);
    if (mention === undefined || this.roomList.get(mention.roomId).joined) return;
    const { roomId, number } = mention;
    if (this.mentions.list().some((other) => other.roomId === roomId && other.number < number)) return;
    this.#setMembership({ roomId, joined: false, read: number });
    this.#readMarks.set({ roomId, read: number });
  }

  /** Sends what could not be sent before, reads the words that could not be read, and looks into other rooms. */
  tryAgain(): void {
    void this.outbox.send();
    void this.#readMarks.send();
    this.answers.retry();
    const isAllFollowed = this.roomList.list(true).every(({ id }) => this.#followedRooms.has(id));
    if (!isAllFollowed) void this.#unfollowedRooms.look(Date.now());
  }

  /** Returns the number of unread messages: all of the joined rooms, and the mentions in other rooms. */
  unread(): number {
    const mentionsElsewhere = this.mentions.list().filter(({ roomId }) => !this.roomList.get(roomId).joined).length;
    return this.roomList.unread() + mentionsElsewhere;
  }

  /** The server has answered a change of a message. */
  addChanged(roomId: string, message: Message): void {
    this.followedRoom(roomId)?.timeline.add([message]);
    this.#onRoomChange();
  }

  close(): void {
    this.#isClosed = true;
    this.client.close();
  }

  /** After the end of the session another person may sign in. Nothing more of this person is sent as theirs. */
  async #ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    if (this.#isClosed) throw new ApiError(401, "Your session has ended.");
    return request();
  }

  async #begin(): Promise<void> {
    try {
      // This request comes first: the line "New messages" needs the read numbers.
      for (const { id, name, joined, read, newest } of await listRooms()) {
        this.roomList.addRoom({ id, name });
        this.roomList.setMembership({ roomId: id, joined, read });
        this.roomList.setNewest(id, newest);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) return this.#end();
      // After other errors, the snapshots of directory and inbox bring the same data once there is a connection.
    }
    if (this.#isClosed) return;
    this.#listener.onBegin();
    this.#followDirectory();
    this.#followInbox();
    this.#followPresence();
    this.#updateFollowedRooms();
    void this.outbox.send();
  }

  #followDirectory(): void {
    this.client.subscribe(chat.directory(), {
      snapshot: ({ rooms }) => {
        this.roomList.replaceRooms(rooms);
        this.#updateFollowedRooms();
      },
      opened: (room) => {
        this.roomList.addRoom(room);
        this.#updateFollowedRooms();
      },
    });
  }

  #followInbox(): void {
    this.client.subscribe(chat.inbox({ userId: this.person }), {
      snapshot: ({ places: memberships, mentions }) => {
        this.roomList.replaceMemberships(memberships);
        for (const membership of memberships) this.#readMarks.confirm(membership);
        for (const mention of this.mentions.replace(mentions)) this.#listener.onMention(mention);
        this.#updateFollowedRooms();
      },
      mention: (mention) => {
        const isNew = this.mentions.add(mention);
        if (isNew) this.#listener.onMention(mention);
        this.#listener.onChange();
      },
      unmentioned: ({ messageId }) => {
        this.mentions.remove(messageId);
        this.#listener.onChange();
      },
      place: (membership) => this.#setMembership(membership),
    });
  }

  #followPresence(): void {
    const presence = createPresence(this.client, { contract: chat, servers: chat.servers() });
    this.#people = presence.people(chat.presence());
    this.#people.subscribe(() => this.#listener.onChange());
  }

  /** Follows the open room and the joined rooms, and no others. */
  #updateFollowedRooms(): void {
    const joined = this.roomList.list(true).map(({ id }) => id);
    const candidates = [this.#openRoom, ...joined.slice(0, MAX_FOLLOWED_ROOMS)];
    const wanted = new Set(candidates.filter((roomId) => this.roomList.has(roomId)));
    for (const [roomId, room] of this.#followedRooms) {
      if (wanted.has(roomId)) continue;
      this.#followedRooms.delete(roomId);
      room.close();
    }
    for (const roomId of wanted) {
      if (!this.#followedRooms.has(roomId)) this.#followRoom(roomId);
    }
    this.#onRoomChange();
  }

  /** The messages of a room, or the open room, may have changed. */
  #onRoomChange(): void {
    this.answers.follow(this.followedRoom(this.#openRoom)?.timeline.messages ?? []);
    this.#listener.onChange();
  }

  #followRoom(roomId: string): void {
    const room = new FollowedRoom(this.client, {
      roomId,
      person: this.person,
      onSnapshot: (messages) => {
        this.roomList.setNewest(roomId, messages.at(-1)?.number ?? 0);
        for (const message of messages) this.#matchOwnMessage(roomId, message);
      },
      onMessage: (message) => {
        this.roomList.raiseNewest(roomId, message.number);
        this.#matchOwnMessage(roomId, message);
        this.#listener.onMessage(roomId);
      },
      onChange: () => this.#onRoomChange(),
    });
    this.#followedRooms.set(roomId, room);
  }

  #setMembership(membership: Membership): void {
    const { roomId } = membership;
    // The read number never goes backwards: the answer to an older read mark can come after a newer mark.
    const read = Math.max(membership.read, this.roomList.get(roomId).read);
    this.roomList.setMembership({ ...membership, read });
    this.mentions.markRead({ roomId, read });
    this.#updateFollowedRooms();
  }

  /** A message has come by the stream. */
  #matchOwnMessage(roomId: string, message: Message): void {
    if (message.author === this.person) this.outbox.match(roomId, message);
  }

  /** The server does not know the person any more. */
  #end(): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.onEnd();
  }
}
