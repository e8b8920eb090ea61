import { MAX_TOPIC } from "@tidings-apps/chat-contract";
import { element, elementIn, setText } from "./element.ts";
import type { RoomSummary } from "./room-list.ts";

/** What the header calls. */
export interface RoomHeaderOptions {
  onMembership(joined: boolean): void;
  onTopic(text: string): void;
}

/** The name and the topic of the open room, and the button to join or leave it. */
export class RoomHeader {
  readonly #name = element("room-name", HTMLHeadingElement);
  readonly #topic = element("topic", HTMLButtonElement);
  readonly #form = element("topic-form", HTMLFormElement);
  readonly #field = element("topic-field", HTMLInputElement);
  readonly #membership = element("membership", HTMLButtonElement);
  #isJoined = false;
  #topicText = "";

  constructor(options: RoomHeaderOptions) {
    this.#field.maxLength = MAX_TOPIC;
    this.#topic.addEventListener("click", () => this.#edit());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#field.value.trim();
      this.stopEditing();
      options.onTopic(text);
    });
    this.#form.addEventListener("focusout", ({ relatedTarget }) => {
      const staysInside = relatedTarget instanceof Node && this.#form.contains(relatedTarget);
      if (!staysInside) this.stopEditing(false);
    });
    this.#membership.addEventListener("click", () => options.onMembership(!this.#isJoined));
  }

  /** @param topic empty if there is none */
  render({ name, joined }: RoomSummary, topic: string): void {
    this.#isJoined = joined;
    this.#topicText = topic;
    setText(this.#name, name);
    this.#name.title = name;
    const text = elementIn(this.#topic, "span", HTMLElement);
    setText(text, topic === "" ? "Add a topic" : topic);
    this.#topic.classList.toggle("without", topic === "");
    this.#topic.title = topic === "" ? "" : `${topic} (click to change)`;
    setText(this.#membership, joined ? "Leave" : "Join room");
    this.#membership.classList.toggle("primary", !joined);
    this.#membership.classList.toggle("quiet", joined);
  }

  /** Returns whether the topic was being edited. */
  stopEditing(takesFocus = true): boolean {
    if (this.#form.hidden) return false;
    this.#form.hidden = true;
    this.#topic.hidden = false;
    if (takesFocus) this.#topic.focus();
    return true;
  }

  #edit(): void {
    this.#field.value = this.#topicText;
    this.#topic.hidden = true;
    this.#form.hidden = false;
    this.#field.select();
    this.#field.focus();
  }
}
