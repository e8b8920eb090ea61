import { ApiError, signOut } from "./api.ts";
import { element } from "./element.ts";
import { runOnce } from "./run-once.ts";

/** The button with which the person signs out. */
export class SignOut {
  readonly #button = element("sign-out", HTMLButtonElement);

  /** @param onLeave called when the server has answered, or does not answer: then with the problem */
  constructor(onLeave: (problem?: string) => void) {
    this.#button.addEventListener("click", () => void runOnce(this.#button, async () => onLeave(await askServer())));
  }

  /** Whether the server has been asked and has not answered yet. */
  get isWaiting(): boolean {
    return this.#button.disabled;
  }
}

/** Returns the problem; undefined if there is none. */
async function askServer(): Promise<string | undefined> {
  try {
    await signOut();
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Only the server can remove the cookie.
    return `You have left, but the server could not be told: a reload brings you back in. ${error.message}`;
  }
}
