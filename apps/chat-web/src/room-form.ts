import { MAX_ROOM_NAME, RoomName, type Room } from "@tidings-apps/chat-contract";
import { ApiError, createRoom } from "./api.ts";
import { element } from "./element.ts";

/** The dialog in which somebody opens a new room. */
export class RoomForm {
  readonly #dialog = element("new-room", HTMLDialogElement);
  readonly #form = element("new-room-form", HTMLFormElement);
  readonly #name = element("new-room-name", HTMLInputElement);
  readonly #problem = element("new-room-problem", HTMLParagraphElement);

  /** @param onCreated the room is there, and the person is in it */
  constructor(onCreated: (room: Room) => void) {
    this.#name.maxLength = MAX_ROOM_NAME;
    element("close-new-room", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#name.addEventListener("input", () => this.#say(""));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#create(onCreated);
    });
  }

  open(): void {
    this.#form.reset();
    this.#say("");
    this.#dialog.showModal();
  }

  async #create(onCreated: (room: Room) => void): Promise<void> {
    const name = this.#name.value.trim();
    if (!RoomName.safeParse(name).success) return this.#say("Please say what the room is called.");
    try {
      const room = await createRoom(name);
      this.#dialog.close();
      onCreated(room);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(error.status === 400 ? "Please choose another name." : error.message);
    }
  }

  #say(problem: string): void {
    this.#problem.textContent = problem;
    this.#name.ariaInvalid = String(problem !== "");
  }
}
