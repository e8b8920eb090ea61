import { ASSISTANT, MAX_NAME } from "@tidings-apps/chat-contract";
import { ApiError, signIn } from "./api.ts";
import { element, elementIn } from "./element.ts";
import { runOnce } from "./run-once.ts";

/** What to say about a name that the server refuses, by the status of the answer. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: "Please choose another name.",
  409: "Somebody here has a name that looks the same. Please write exactly that name, or choose another one.",
  429: "Too many new people come from your network. Please try again in a minute, or take a name that you had before.",
  503: "The chat takes no new people at the moment. Please try again later, or take a name that you had before.",
};

/** The form for a person who is not signed in. */
export class SignIn {
  readonly #view = element("sign-in", HTMLElement);
  readonly #form = elementIn(this.#view, "form", HTMLFormElement);
  readonly #name = element("name", HTMLInputElement);
  readonly #problem = element("sign-in-problem", HTMLParagraphElement);

  /** @param onSignedIn called with the name in the form that the server keeps */
  constructor(onSignedIn: (name: string) => void) {
    this.#name.maxLength = MAX_NAME;
    const button = elementIn(this.#form, "[type=submit]", HTMLButtonElement);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void runOnce(button, () => this.#submit(onSignedIn));
    });
    this.#name.addEventListener("input", () => this.#showProblem(""));
  }

  show(problem = ""): void {
    this.#view.hidden = false;
    this.#showProblem(problem);
    this.#name.focus();
  }

  hide(): void {
    this.#view.hidden = true;
  }

  async #submit(onSignedIn: (name: string) => void): Promise<void> {
    const name = this.#name.value.trim();
    if (name === "") return this.#refuse("Please say your name.");
    if (name.toLowerCase() === ASSISTANT.toLowerCase()) {
      return this.#refuse(`${ASSISTANT} is the assistant of this chat. Please choose another name.`);
    }
    try {
      onSignedIn(await signIn(name));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#refuse(PROBLEMS[error.status] ?? `${error.message} Please try again in a moment.`);
    }
  }

  #refuse(problem: string): void {
    this.#showProblem(problem);
    this.#name.focus();
  }

  #showProblem(problem: string): void {
    this.#problem.textContent = problem;
    this.#name.ariaInvalid = String(problem !== "");
  }
}
