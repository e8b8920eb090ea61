import { chat, type Message, type Membership } from "@tidings-apps/chat-contract";
import {
  createClient,
  StreamError,
  type Client,
  type ClientSubscription,
  type Gap,
  type Reason,
} from "@tidings/client";
import { describeMention, describeMessage, describePlace, describeTopic, type Picture } from "./picture.ts";

/** Messages of a room that an onlooker remembers. */
const KEPT = 500;

/** What an onlooker knows of a room. */
interface Known {
  readonly subscription: ClientSubscription;
  /** What was told, oldest first, without holes. */
  messages: Message[];
  topic: string | null;
  /** The newest message of the state, and of what came since. */
  state: number;
  newest: number;
}

/** A client of one person, and its picture of the chat: drawn from states and events alone, as a page does it. */
export class Onlooker {
  readonly person: string;
  /** What must not happen where the log keeps everything: gaps, holes, repetitions, errors. */
  readonly surprises: string[] = [];
  /** Why the server has closed it, once it has. */
  closed: Reason | null = null;
  readonly #client: Client<typeof chat>;
  readonly #rooms = new Map<string, string>();
  readonly #known = new Map<string, Known>();
  readonly #places = new Map<string, Membership>();
  readonly #mentions = new Map<string, { readonly roomId: string; readonly number: number }>();
  readonly #online = new Map<string, string>();

  constructor(person: string, url: string, cookie: string) {
    this.person = person;
    this.#client = createClient(chat, {
      url: `${url}/events`,
      headers: { cookie },
      onError: ({ message }) => this.surprises.push(message),
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
    this.#client.subscribe(chat.presence(), {
      ...common,
      online: (value) => void this.#online.set(chat.presence.events.online.key(value), value.name),
      onClear: ({ key }) => void this.#online.delete(key),
    });
  }

  /** Who is here, as far as this one knows. */
  get online(): readonly string[] {
    return [...new Set(this.#online.values())].toSorted();
  }

  /** The number of the first message that it knows of each room; 1 where it knows of none. */
  get since(): ReadonlyMap<string, number> {
    return new Map([...this.#known].map(([roomId, { messages }]) => [roomId, messages[0]?.number ?? 1]));
  }

  picture(): Picture {
    const known = [...this.#known];
    return {
      rooms: Object.fromEntries(this.#rooms),
      topics: Object.fromEntries(known.map(([roomId, { topic }]) => [roomId, topic])),
      messages: Object.fromEntries(known.map(([roomId, { messages }]) => [roomId, messages.map(describeMessage)])),
      places: Object.fromEntries([...this.#places].map(([roomId, place]) => [roomId, describePlace(place)])),
      mentions: [...this.#mentions.keys()].toSorted(),
    };
  }

  /** Forgets a room, and looks at it anew. */
  lookAgain(roomId: string): void {
    this.#known.get(roomId)?.subscription.close();
    this.#known.delete(roomId);
    this.#follow(roomId);
  }

  /** The newest messages of a room, by a page of history. */
  async history(roomId: string, last: number): Promise<string[]> {
    for (;;) {
      try {
        const { events } = await this.#client.history(chat.room({ roomId }), { last });
        return events.flatMap((event) => (event.type === "message" ? [describeMessage(event.data)] : []));
      } catch (error) {
        // Over a connection that is half open; the next one is another.
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
    if (!this.#known.has(id)) this.#follow(id);
  }

  #follow(roomId: string): void {
    const subscription = this.#client.subscribe(chat.room({ roomId }), {
      snapshot: ({ messages }) => {
        const newest = messages.at(-1)?.number ?? 0;
        // The topic that holds, if there is one, comes right behind.
        Object.assign(known, { messages, newest, state: newest, topic: null });
      },
      message: (message) => this.#hear(known, message),
      topic: (topic) => void (known.topic = describeTopic(topic)),
      onGap: ({ reason }) => this.surprises.push(`gap ${reason} in ${roomId}`),
      onClose: (reason) => this.#end(reason),
    });
    const known: Known = { subscription, messages: [], topic: null, state: 0, newest: 0 };
    this.#known.set(roomId, known);
  }

  #hear(known: Known, message: Message): void {
    const { number } = message;
    // It may be in the state already: that was loaded after its position.
    if (number <= known.state) return;
    if (number !== known.newest + 1) this.surprises.push(`${describeMessage(message)} came after ${known.newest}`);
    known.newest = number;
    known.messages = [...known.messages, message].slice(-KEPT);
  }

  #end(reason: Reason): void {
    // Not by itself.
    if (reason !== "closed") this.closed = reason;
  }

  #move(place: Membership): void {
    this.#places.set(place.roomId, place);
    for (const [key, { roomId, number }] of this.#mentions)
      if (roomId === place.roomId && number <= place.read) this.#mentions.delete(key);
  }
}
