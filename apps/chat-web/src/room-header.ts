import { MAX_TOPIC } from "@tidings-apps/chat-contract";
import { element, elementIn, setText } from "./element.ts";
import { paintParts } from "./paint-text.ts";
import type { RoomSummary } from "./room-list.ts";
import { partsOf } from "./text-parts.ts";

/** What the header calls. */
export interface RoomHeaderOptions {
  onMembership(joined: boolean): void;
  /** @param before the topic when the person began to write */
  onTopic(text: string, before: string): void;
}

/** The name and the topic of the open room, and the button to join or leave it. */
export class RoomHeader {
  readonly #name = element("room-name", HTMLHeadingElement);
  readonly #topicLine = element("topic-line", HTMLDivElement);
  readonly #topic = element("topic", HTMLParagraphElement);
  readonly #editTopic = element("edit-topic", HTMLButtonElement);
  readonly #addTopic = element("add-topic", HTMLButtonElement);
  readonly #form = element("topic-form", HTMLFormElement);
  readonly #field = element("topic-field", HTMLInputElement);
  readonly #membership = element("membership", HTMLButtonElement);
  #isJoined = false;
  #topicText = "";
  /** The topic that is being edited, as it was at the beginning. */
  #editedText = "";

  constructor(options: RoomHeaderOptions) {
    this.#field.maxLength = MAX_TOPIC;
    for (const button of [this.#editTopic, this.#addTopic]) button.addEventListener("click", () => this.#edit());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = this.#field.value.trim();
      this.stopEditing();
      options.onTopic(text, this.#editedText);
    });
    this.#form.addEventListener("focusout", ({ relatedTarget }) => {
      const staysInside = relatedTarget instanceof Node && this.#form.contains(relatedTarget);
      // Whoever looks at another window comes back to the field: it stays the active element of this one.
      const leftWindow = this.#form.contains(document.activeElement);
      if (!staysInside && !leftWindow) this.stopEditing(false);
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
    if (text.textContent !== topic) paintParts(text, partsOf(topic), "");
    this.#topic.title = topic;
    this.#topic.hidden = topic === "";
    this.#editTopic.hidden = topic === "";
    this.#addTopic.hidden = topic !== "";
    setText(this.#membership, joined ? "Leave" : "Join room");
    this.#membership.classList.toggle("primary", !joined);
    this.#membership.classList.toggle("subtle", joined);
  }

  /** Returns whether the topic was being edited. */
  stopEditing(takesFocus = true): boolean {
    if (this.#form.hidden) return false;
    this.#form.hidden = true;
    this.#topicLine.hidden = false;
    if (takesFocus) (this.#topicText === "" ? this.#addTopic : this.#editTopic).focus();
    return true;
  }

  #edit(): void {
    this.#editedText = this.#topicText;
    this.#field.value = this.#topicText;
    this.#topicLine.hidden = true;
    this.#form.hidden = false;
    this.#field.select();
    this.#field.focus();
  }
}
