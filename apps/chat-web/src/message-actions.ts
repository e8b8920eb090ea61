import { Emoji, type Message } from "@tidings-apps/chat-contract";
import { ApiError, deleteMessage, patchMessage, putReaction, stopAnswer, type Edit } from "./api.ts";
import type { EditProblem } from "./composer.ts";
import { element } from "./element.ts";
import { MessageMenu } from "./message-menu.ts";
import type { Session } from "./session.ts";

/** What the actions need, and what they call. */
export interface MessageActionsOptions {
  readonly session: () => Session | null;
  /** The id of the open room. */
  readonly roomId: () => string;
  /** Lets the person edit the message in the composer. */
  readonly onEdit: (message: Message) => void;
  readonly onProblem: (sentence: string) => void;
}

/** What a person can do with a message that is there: react to it, edit or delete their own, and stop an answer. */
export class MessageActions {
  readonly #options: MessageActionsOptions;
  readonly #menu: MessageMenu;
  readonly #dialog = element("delete-message", HTMLDialogElement);
  #toDelete: Message | null = null;

  constructor(options: MessageActionsOptions) {
    this.#options = options;
    this.#menu = new MessageMenu({
      onReact: (message, emoji) => this.#react(message, emoji),
      onEdit: (message) => options.onEdit(message),
      onDelete: (message) => this.#askToDelete(message),
    });
    // One listener for all messages: their buttons come and go.
    element("messages", HTMLOListElement).addEventListener("click", ({ target }) => {
      const button = target instanceof Element ? target.closest("button") : null;
      const message = button === null ? undefined : this.#messageOf(button);
      if (button === null || message === undefined) return;
      if (button.matches(".stop")) this.#stop(message);
      if (button.matches(".more")) this.#menu.open(message, this.#me, button);
      const emoji = Emoji.safeParse(button.dataset["emoji"]);
      if (emoji.success) this.#react(message, emoji.data);
    });
    element("delete-cancel", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    element("delete-confirm", HTMLButtonElement).addEventListener("click", () => this.#delete());
  }

  /** Returns the person's own newest message of the open room. */
  ownNewest(): Message | undefined {
    return this.#messages.findLast(({ author, deletedAt }) => author === this.#me && deletedAt === null);
  }

  /** Changes the text of a message. Returns the problem; null if the change is stored. */
  async edit(roomId: string, messageId: string, edit: Edit): Promise<EditProblem | null> {
    try {
      this.#show(roomId, await patchMessage(roomId, messageId, edit));
      return null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) return this.#describeConflict(messageId, edit);
      return { sentence: `The change is not saved. ${error.message}`, newest: null };
    }
  }

  /** The newer text comes by the stream. */
  #describeConflict(messageId: string, { expects }: Edit): EditProblem {
    const newest = this.#messages.find(({ id }) => id === messageId)?.text ?? expects;
    const sentence = "The change is not saved: this message was changed in another window";
    if (newest === expects) return { sentence: `${sentence} a moment ago. Please save again.`, newest: null };
    return { sentence: `${sentence}, to “${newest}”. Save again to replace that.`, newest };
  }

  /** Closes the menu and the dialog, because the person leaves the room. */
  close(): void {
    this.#menu.close();
    this.#dialog.close();
  }

  get #me(): string {
    return this.#options.session()?.person ?? "";
  }

  get #messages(): readonly Message[] {
    return this.#options.session()?.followedRoom(this.#options.roomId())?.timeline.messages ?? [];
  }

  #messageOf(button: HTMLButtonElement): Message | undefined {
    const id = button.closest<HTMLElement>("[data-id]")?.dataset["id"];
    return this.#messages.find((message) => message.id === id);
  }

  #react({ id, reactions }: Message, emoji: Emoji): void {
    const roomId = this.#options.roomId();
    const people = reactions.find((reaction) => reaction.emoji === emoji)?.people ?? [];
    const isOn = !people.includes(this.#me);
    void this.#try(async () => this.#show(roomId, await putReaction(roomId, id, emoji, isOn)));
  }

  /** The event of the end changes the page. */
  #stop({ id }: Message): void {
    void this.#try(() => stopAnswer(this.#options.roomId(), id));
  }

  #askToDelete(message: Message): void {
    this.#toDelete = message;
    element("delete-text", HTMLQuoteElement).textContent = message.text;
    this.#dialog.showModal();
  }

  #delete(): void {
    const roomId = this.#options.roomId();
    const message = this.#toDelete;
    this.#dialog.close();
    // The event of the deletion changes the page.
    if (message !== null) void this.#try(() => deleteMessage(roomId, message.id));
  }

  #show(roomId: string, message: Message): void {
    this.#options.session()?.addChanged(roomId, message);
  }

  async #try(request: () => Promise<void>): Promise<void> {
    try {
      await request();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#options.onProblem(`That did not work. ${error.message}`);
    }
  }
}
