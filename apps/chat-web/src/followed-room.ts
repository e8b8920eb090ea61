import { chat, type Message, type MessageChange } from "@tidings-apps/chat-contract";
import type { Client, ClientSubscription, Gap } from "@tidings/client";
import { OlderMessages } from "./older-messages.ts";
import { Timeline } from "./timeline.ts";
import { TypingPeople } from "./typing-people.ts";

/** The room to follow, and what it calls. */
export interface FollowedRoomOptions {
  readonly roomId: string;
  /** The person at this page. Their own typing hints are not shown. */
  readonly person: string;
  /** The newest messages have come, at the start and after a gap. */
  onSnapshot(messages: readonly Message[]): void;
  onMessage(message: Message): void;
  onChange(): void;
}

/** The state of one room that the page follows. */
export class FollowedRoom {
  readonly timeline = new Timeline();
  readonly typing = new TypingPeople();
  readonly older: OlderMessages;
  /** Empty if there is no topic. */
  topic = "";
  /** `closed`: the server does not allow the page to follow the room any more. */
  phase: "loading" | "ready" | "closed" = "loading";
  /** Some messages are missing. It stays until the person dismisses the notice. */
  gap: { readonly reason: Gap["reason"]; readonly isHealed: boolean } | null = null;
  readonly #subscription: ClientSubscription;

  constructor(client: Client<typeof chat>, options: FollowedRoomOptions) {
    const address = chat.room({ roomId: options.roomId });
    this.older = new OlderMessages(this.timeline, async (request) => {
      const { events, more } = await client.history(address, request);
      return {
        messages: events.flatMap((event) => (event.type === "message" ? [event.data] : [])),
        changes: events.flatMap((event) => (isChange(event) ? [event] : [])),
        oldestEvent: events[0]?.id ?? undefined,
        more,
      };
    });
    this.#subscription = client.subscribe(address, {
      snapshot: ({ messages }) => {
        this.#begin(messages);
        options.onSnapshot(messages);
        options.onChange();
      },
      message: (message) => {
        this.timeline.add([message]);
        this.typing.remove(message.author);
        options.onMessage(message);
        options.onChange();
      },
      edited: (data) => this.#change({ type: "edited", data }, options),
      deleted: (data) => this.#change({ type: "deleted", data }, options),
      reacted: (data) => this.#change({ type: "reacted", data }, options),
      answered: (data) => this.#change({ type: "answered", data }, options),
      typing: ({ author }) => {
        if (author !== options.person) this.typing.add(author, Date.now());
      },
      topic: ({ text }) => {
        this.topic = text;
        options.onChange();
      },
      onClear: ({ type }) => {
        if (type === "topic") this.topic = "";
        options.onChange();
      },
      onGap: ({ reason }) => {
        this.gap = { reason, isHealed: false };
        options.onChange();
      },
      onClose: () => {
        this.phase = "closed";
        options.onChange();
      },
    });
  }

  close(): void {
    this.#subscription.close();
  }

  /** Resolves when everything up to an event has come, or when the room is not followed any more. */
  async reached(eventId: string): Promise<void> {
    await this.#subscription.reached(eventId);
  }

  #change(change: MessageChange, options: FollowedRoomOptions): void {
    this.timeline.change([change]);
    options.onChange();
  }

  #begin(messages: readonly Message[]): void {
    this.timeline.replace(messages);
    this.older.reset();
    this.typing.clear();
    // The current topic comes right after the snapshot. If there is none any more, no event says so.
    this.topic = "";
    this.phase = "ready";
    if (this.gap !== null) this.gap = { ...this.gap, isHealed: true };
  }
}

const CHANGES: ReadonlySet<string> = new Set<MessageChange["type"]>(["edited", "deleted", "reacted", "answered"]);

function isChange<Event extends { readonly type: string }>(
  event: Event,
): event is Extract<Event, { readonly type: MessageChange["type"] }> {
  return CHANGES.has(event.type);
}
