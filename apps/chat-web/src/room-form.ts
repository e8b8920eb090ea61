import { MAX_ROOM_NAME, NewRoomName, type Room } from "@tidings-apps/chat-contract";
import { ApiError, createRoom } from "./api.ts";
import { element, elementIn } from "./element.ts";
import { runOnce } from "./run-once.ts";

/** The dialog that creates a room. */
export class RoomForm {
  readonly #dialog = element("new-room", HTMLDialogElement);
  readonly #form = element("new-room-form", HTMLFormElement);
  readonly #name = element("new-room-name", HTMLInputElement);
  readonly #problem = element("new-room-problem", HTMLParagraphElement);

  /** @param onCreated called when the room exists and the person has joined it */
  constructor(onCreated: (room: Room) => void) {
    this.#name.maxLength = MAX_ROOM_NAME;
    const button = elementIn(this.#form, "[type=submit]", HTMLButtonElement);
    element("close-new-room", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#name.addEventListener("input", () => this.#showProblem(""));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void runOnce(button, () => this.#create(onCreated));
    });
  }

  open(): void {
    this.#form.reset();
    this.#showProblem("");
    this.#dialog.showModal();
  }

  async #create(onCreated: (room: Room) => void): Promise<void> {
    const name = this.#name.value.trim();
    if (!NewRoomName.safeParse(name).success) {
      return this.#refuse(name === "" ? "Please say what the room is called." : "Please choose another name.");
    }
    try {
      const room = await createRoom(name);
      this.#dialog.close();
      element("text", HTMLTextAreaElement).focus();
      onCreated(room);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refuse(error.status === 400 ? "Please choose another name." : error.message);
    }
  }

  /** The button that was pressed may have lost the focus, because it was off until the answer. */
  #refuse(problem: string): void {
    this.#showProblem(problem);
    this.#name.focus();
  }

  #showProblem(problem: string): void {
    this.#problem.textContent = problem;
    this.#name.ariaInvalid = String(problem !== "");
  }
}
