import { chat, type Message, type Membership } from "@tidings-apps/chat-contract";
import {
  createClient,
  StreamError,
  type Client,
  type ClientSubscription,
  type Gap,
  type Reason,
} from "@tidings/client";
import { createPresence, type Followed, type Person } from "@tidings/client/presence";
import { describeMention, describeMessage, describePlace, describeTopic, type Picture } from "./picture.ts";

/** How many messages of a room an onlooker remembers. */
const KEPT = 500;

/** A room that an onlooker follows. */
interface FollowedRoom {
  readonly subscription: ClientSubscription;
  /** The messages of the snapshot and since then, oldest first. */
  messages: Message[];
  topic: string | null;
  /** The number of the newest message in the snapshot. */
  inSnapshot: number;
  /** The number of the newest message. */
  newest: number;
}

/** What the faults of this test look like to a client: no connection, silence, a server that is about to stop. */
const FAULTS: ReadonlySet<string> = new Set(["network", "timeout", "refused", "bad-response"]);

/** A client of one person, with its picture of the chat. As in a page, snapshots and events are its only source. */
export class Onlooker {
  readonly person: string;
  /** Gaps, holes, repetitions and errors, none of which may happen while the log keeps everything. */
  readonly surprises: string[] = [];
  /** Why a subscription has ended; null while all go on. */
  closed: Reason | null = null;
  readonly #client: Client<typeof chat>;
  readonly #rooms = new Map<string, string>();
  readonly #followed = new Map<string, FollowedRoom>();
  readonly #places = new Map<string, Membership>();
  readonly #mentions = new Map<string, { readonly roomId: string; readonly number: number }>();
  readonly #online: Followed<readonly Person<null>[]>;

  constructor(person: string, url: string, cookie: string) {
    this.person = person;
    this.#client = createClient(chat, {
      url: `${url}/events`,
      headers: { cookie },
      // The faults of this test end requests. What else fails is a surprise.
      onError: ({ code, message }) => FAULTS.has(code) || this.surprises.push(message),
    });
    // Whoever is signed out could sign in again, so nothing closes for good.
    this.#client.status.subscribe((status) => {
      if (status.state === "closed") this.#end(status.reason);
    });
    const common = {
      onGap: ({ channel, reason }: Gap) => this.surprises.push(`gap ${reason} in ${channel}`),
      onClose: (reason: Reason) => this.#end(reason),
    };
    this.#client.subscribe(chat.directory(), {
      ...common,
      snapshot: ({ rooms }) => {
        for (const room of rooms) this.#open(room);
      },
      opened: (room) => this.#open(room),
    });
    this.#client.subscribe(chat.inbox({ userId: person }), {
      ...common,
      snapshot: ({ places, mentions }) => {
        this.#places.clear();
        this.#mentions.clear();
        for (const mention of mentions) this.#mentions.set(describeMention(mention), mention);
        for (const place of places) this.#move(place);
      },
      mention: (mention) => void this.#mentions.set(describeMention(mention), mention),
      place: (place) => this.#move(place),
    });
    const presence = createPresence(this.#client, { contract: chat, servers: chat.servers() });
    this.#online = presence.people(chat.presence());
  }

  /** The names of the people who are online, sorted. */
  get online(): readonly string[] {
    return this.#online.value.map(({ viewer }) => viewer).toSorted();
  }

  /** By room, the number of the first message that it has; 1 where it has none. */
  get since(): ReadonlyMap<string, number> {
    return new Map([...this.#followed].map(([roomId, { messages }]) => [roomId, messages[0]?.number ?? 1]));
  }

  picture(): Picture {
    const followed = [...this.#followed];
    return {
      rooms: Object.fromEntries(this.#rooms),
      topics: Object.fromEntries(followed.map(([roomId, { topic }]) => [roomId, topic])),
      messages: Object.fromEntries(followed.map(([roomId, { messages }]) => [roomId, messages.map(describeMessage)])),
      places: Object.fromEntries([...this.#places].map(([roomId, place]) => [roomId, describePlace(place)])),
      mentions: [...this.#mentions.keys()].toSorted(),
    };
  }

  /** Closes the subscription to a room, and subscribes again. */
  resubscribe(roomId: string): void {
    this.#followed.get(roomId)?.subscription.close();
    this.#followed.delete(roomId);
    this.#follow(roomId);
  }

  /** Loads the newest messages of a room by a page of history. */
  async history(roomId: string, last: number): Promise<string[]> {
    for (;;) {
      try {
        const { events } = await this.#client.history(chat.room({ roomId }), { last });
        return events.flatMap((event) => (event.type === "message" ? [describeMessage(event.data)] : []));
      } catch (error) {
        // The connection was half open. The next attempt uses another one.
        if (!(error instanceof StreamError) || error.code !== "timeout") throw error;
      }
    }
  }

  leave(): void {
    this.#client.close();
  }

  toString(): string {
    return `${this.person} (${this.#client.status.value.state})`;
  }

  #open({ id, name }: { readonly id: string; readonly name: string }): void {
    this.#rooms.set(id, name);
    if (!this.#followed.has(id)) this.#follow(id);
  }

  #follow(roomId: string): void {
    const subscription = this.#client.subscribe(chat.room({ roomId }), {
      snapshot: ({ messages }) => {
        const newest = messages.at(-1)?.number ?? 0;
        // The current topic, if there is one, follows the snapshot.
        Object.assign(room, { messages, newest, inSnapshot: newest, topic: null });
      },
      message: (message) => this.#add(room, message),
      topic: (topic) => void (room.topic = describeTopic(topic)),
      onGap: ({ reason }) => this.surprises.push(`gap ${reason} in ${roomId}`),
      onClose: (reason) => this.#end(reason),
    });
    const room: FollowedRoom = { subscription, messages: [], topic: null, inSnapshot: 0, newest: 0 };
    this.#followed.set(roomId, room);
  }

  #add(room: FollowedRoom, message: Message): void {
    const { number } = message;
    // It may be in the snapshot already, which is loaded after its cursor was taken.
    if (number <= room.inSnapshot) return;
    if (number !== room.newest + 1) this.surprises.push(`${describeMessage(message)} came after ${room.newest}`);
    room.newest = number;
    room.messages = [...room.messages, message].slice(-KEPT);
  }

  #end(reason: Reason): void {
    // "closed" means that this client has closed it itself.
    if (reason !== "closed") this.closed = reason;
  }

  #move(place: Membership): void {
    this.#places.set(place.roomId, place);
    for (const [key, { roomId, number }] of this.#mentions) {
      if (roomId === place.roomId && number <= place.read) this.#mentions.delete(key);
    }
  }
}
