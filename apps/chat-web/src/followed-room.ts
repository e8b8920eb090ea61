import { chat, type Message } from "@tidings-apps/chat-contract";
import type { Client, ClientSubscription, Gap, Reason } from "@tidings/client";
import { OlderMessages } from "./older-messages.ts";
import { Timeline } from "./timeline.ts";
import { TypingPeople } from "./typing-people.ts";

export interface FollowedRoomOptions {
  readonly roomId: string;
  /** Whose own hints are not shown. */
  readonly person: string;
  /** The state to start from, at first and after a gap. */
  onState(messages: readonly Message[]): void;
  onMessage(message: Message): void;
  onChange(): void;
  onClose(reason: Reason): void;
}

/** A room that the page follows, and everything that it knows about it. */
export class FollowedRoom {
  readonly timeline = new Timeline();
  readonly typing = new TypingPeople();
  readonly older: OlderMessages;
  topic = "";
  /** `closed`: the server does not let the page follow the room any more. */
  phase: "loading" | "ready" | "closed" = "loading";
  /** Something is missing; until the person has taken note. */
  gap: { readonly reason: Gap["reason"]; readonly isHealed: boolean } | null = null;
  readonly #subscription: ClientSubscription;

  constructor(client: Client<typeof chat>, options: FollowedRoomOptions) {
    const address = chat.room({ roomId: options.roomId });
    this.older = new OlderMessages(this.timeline, async (page) => {
      const { events, more } = await client.history(address, page);
      return { events: events.filter((event) => event.type === "message"), more };
    });
    this.#subscription = client.subscribe(address, {
      snapshot: ({ messages }) => {
        this.#begin(messages);
        options.onState(messages);
        options.onChange();
      },
      message: (message) => {
        this.timeline.add([message]);
        this.typing.remove(message.author);
        options.onMessage(message);
        options.onChange();
      },
      typing: ({ author }) => void (author !== options.person && this.typing.add(author, Date.now())),
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
      onClose: (reason) => {
        this.phase = "closed";
        options.onClose(reason);
        options.onChange();
      },
    });
  }

  close(): void {
    this.#subscription.close();
  }

  #begin(messages: readonly Message[]): void {
    this.timeline.replace(messages);
    this.older.reset();
    this.typing.clear();
    // The value that holds comes right after the state; where there is none any more, nothing else says so.
    this.topic = "";
    this.phase = "ready";
    if (this.gap !== null) this.gap = { ...this.gap, isHealed: true };
  }
}
