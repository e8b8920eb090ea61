import { MAX_TOPIC } from "@tidings-apps/chat-contract";
import { element, elementIn, setText } from "./element.ts";
import type { RoomSummary } from "./room-list.ts";

export interface RoomHeaderOptions {
  onMembership(joined: boolean): void;
  onTopic(text: string): void;
}

/** The open room's name and topic, and whether one is in it. */
export class RoomHeader {
  readonly #name = element("room-name", HTMLHeadingElement);
  readonly #topic = element("topic", HTMLButtonElement);
  readonly #form = element("topic-form", HTMLFormElement);
  readonly #field = element("topic-field", HTMLInputElement);
  readonly #membership = element("membership", HTMLButtonElement);
  #isJoined = false;

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
      if (!(relatedTarget instanceof Node && this.#form.contains(relatedTarget))) this.stopEditing(false);
    });
    this.#membership.addEventListener("click", () => options.onMembership(!this.#isJoined));
  }

  /** @param topic empty when there is none */
  render({ name, joined }: RoomSummary, topic: string): void {
    this.#isJoined = joined;
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

  /** Returns whether there was anything to stop. */
  stopEditing(takesFocus = true): boolean {
    if (this.#form.hidden) return false;
    this.#form.hidden = true;
    this.#topic.hidden = false;
    if (takesFocus) this.#topic.focus();
    return true;
  }

  #edit(): void {
    this.#field.value = this.#topic.classList.contains("without")
      ? ""
      : (elementIn(this.#topic, "span", HTMLElement).textContent ?? "");
    this.#topic.hidden = true;
    this.#form.hidden = false;
    this.#field.select();
    this.#field.focus();
  }
}
