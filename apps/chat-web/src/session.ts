import { chat, type Mention, type Message, type Membership } from "@tidings-apps/chat-contract";
import { createClient, type Client, type Reason } from "@tidings/client";
import { ApiError, listRooms, postMessage, putRead } from "./api.ts";
import { FollowedRoom } from "./followed-room.ts";
import { Mentions } from "./mentions.ts";
import { Outbox } from "./outbox.ts";
import { RoomList } from "./room-list.ts";
import { PresentPeople } from "./present-people.ts";
import { ReadMarks } from "./read-marks.ts";

/** Rooms that are followed at once: with directory, inbox and presence, one connection has less than 100 channels. */
const MOST_ROOMS = 90;

export interface SessionListener {
  /** What the person has read is known, or cannot be known yet. */
  onBegin(): void;
  /** Something that is on screen may have changed. */
  onChange(): void;
  /** Somebody named the person, anywhere. */
  onMention(mention: Mention): void;
  /** A message has come. */
  onMessage(roomId: string): void;
  /** The server does not know the session any more. */
  onEnd(): void;
}

/** One person's chat while they are signed in: one connection, and the state that its events make. It knows no page. */
export class Session {
  readonly person: string;
  readonly client: Client<typeof chat> = createClient(chat, { url: "/events" });
  readonly places = new RoomList();
  readonly mentions = new Mentions();
  readonly people = new PresentPeople();
  readonly outbox: Outbox;
  readonly #marks = new ReadMarks(putRead);
  readonly #rooms = new Map<string, FollowedRoom>();
  readonly #listener: SessionListener;
  #openRoom = "lobby";
  #isClosed = false;

  constructor(person: string, listener: SessionListener) {
    this.person = person;
    this.#listener = listener;
    this.outbox = new Outbox({
      person,
      storage: localStorage,
      // Whoever signs in next must not send what this person wrote.
      post: (...message) =>
        this.#isClosed ? Promise.reject(new ApiError(401, "Your session has ended.")) : postMessage(...message),
      onSent: (roomId, message) => this.#addOwn(roomId, message),
      onChange: () => listener.onChange(),
      onSessionEnd: () => this.#end("unauthenticated"),
    });
    this.client.status.subscribe(({ state }) => void (state === "live" && this.tryAgain()));
    void this.#begin();
  }

  /** What is known about a room that is followed. */
  room(roomId: string): FollowedRoom | undefined {
    return this.#rooms.get(roomId);
  }

  /** Follows this room, and no other that the person is not in. */
  open(roomId: string): void {
    this.#openRoom = roomId;
    this.#follow();
  }

  /** Whoever is here or has said something in the room: who could be named. */
  names(roomId: string): string[] {
    const authors = this.room(roomId)?.timeline.messages.map(({ author }) => author) ?? [];
    return [...new Set([...this.people.list(), ...authors])].filter((name) => name !== this.person);
  }

  /** The person has seen the newest message of the room. */
  markRead(roomId: string): void {
    const { joined, read, newest } = this.places.get(roomId);
    if (!joined || newest <= read) return;
    // At once, not when the server says so: what is on screen is no news.
    this.#setPlace({ roomId, joined, read: newest });
    this.#marks.mark({ roomId, read: newest });
  }

  /** Sends what could not be sent so far. */
  tryAgain(): void {
    void this.outbox.send();
    void this.#marks.send();
  }

  close(): void {
    this.#isClosed = true;
    this.client.close();
  }

  async #begin(): Promise<void> {
    try {
      // First: the line above what is unread needs to know what was read.
      for (const { id, name, joined, read, newest } of await listRooms()) {
        this.places.open({ id, name });
        this.places.put({ roomId: id, joined, read });
        this.places.restart(id, newest);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) return this.#end("unauthenticated");
      // The states of directory and inbox tell the same, once there is a connection.
    }
    if (this.#isClosed) return;
    this.#listener.onBegin();
    this.#followPerson();
    this.#follow();
    void this.outbox.send();
  }

  #followPerson(): void {
    const { places, mentions, people } = this;
    const onClose = (reason: Reason) => this.#end(reason);
    this.client.subscribe(chat.directory(), {
      snapshot: ({ rooms }) => {
        places.replaceRooms(rooms);
        this.#follow();
      },
      opened: (room) => {
        places.open(room);
        this.#follow();
      },
      onClose,
    });
    this.client.subscribe(chat.inbox({ userId: this.person }), {
      snapshot: (state) => {
        places.replaceMemberships(state.places);
        for (const place of state.places) this.#marks.learn(place);
        for (const mention of mentions.replace(state.mentions)) this.#listener.onMention(mention);
        this.#follow();
      },
      mention: (mention) => {
        if (mentions.add(mention)) this.#listener.onMention(mention);
        this.#listener.onChange();
      },
      place: (place) => this.#setPlace(place),
      onClose,
    });
    this.client.subscribe(chat.presence(), {
      online: (value) => {
        people.add(value);
        this.#listener.onChange();
      },
      onClear: ({ key }) => {
        people.remove(key);
        this.#listener.onChange();
      },
      // The values that still hold come again.
      onGap: () => people.clear(),
      onClose,
    });
  }

  #follow(): void {
    const joined = this.places.list(true).map(({ id }) => id);
    const wanted = new Set([this.#openRoom, ...joined.slice(0, MOST_ROOMS)].filter((id) => this.places.has(id)));
    for (const [roomId, room] of this.#rooms) {
      if (wanted.has(roomId)) continue;
      this.#rooms.delete(roomId);
      room.close();
    }
    for (const roomId of wanted) if (!this.#rooms.has(roomId)) this.#followRoom(roomId);
    this.#listener.onChange();
  }

  #followRoom(roomId: string): void {
    const room = new FollowedRoom(this.client, {
      roomId,
      person: this.person,
      onState: (messages) => {
        this.places.restart(roomId, messages.at(-1)?.number ?? 0);
        for (const message of messages) this.#matchOwn(roomId, message);
      },
      onMessage: (message) => {
        this.places.arrive(roomId, message.number);
        this.#matchOwn(roomId, message);
        this.#listener.onMessage(roomId);
      },
      onChange: () => this.#listener.onChange(),
      onClose: (reason) => this.#end(reason),
    });
    this.#rooms.set(roomId, room);
  }

  #setPlace(place: Membership): void {
    // An answer to an older mark must not bring back what was read since.
    const read = Math.max(place.read, this.places.get(place.roomId).read);
    this.places.put({ ...place, read });
    this.mentions.settle({ roomId: place.roomId, read });
    this.#follow();
  }

  #addOwn(roomId: string, message: Message): void {
    this.room(roomId)?.timeline.add([message]);
    this.places.arrive(roomId, message.number);
  }

  #matchOwn(roomId: string, message: Message): void {
    if (message.author === this.person) this.outbox.match(roomId, message);
  }

  #end(reason: Reason): void {
    if (reason !== "unauthenticated" || this.#isClosed) return;
    this.close();
    this.#listener.onEnd();
  }
}
