import type { Mention } from "@tidings-apps/chat-contract";
import { element, elementIn } from "./element.ts";
import { formatCount } from "./room-list.ts";
import type { Preferences } from "./preferences.ts";

/** What reaches somebody who does not look at the page: title, icon, sound, and the browser's notifications. */
export class Alerts {
  readonly #preferences: Preferences;
  readonly #onOpen: (mention: Mention) => void;
  readonly #icon = elementIn(document, "link[rel=icon]", HTMLLinkElement);
  readonly #offer = element("offer", HTMLDivElement);
  #audio: AudioContext | null = null;

  /** @param onOpen somebody has clicked on a notification */
  constructor(preferences: Preferences, onOpen: (mention: Mention) => void) {
    this.#preferences = preferences;
    this.#onOpen = onOpen;
    element("offer-accept", HTMLButtonElement).addEventListener("click", () => void this.#answer(true));
    element("offer-decline", HTMLButtonElement).addEventListener("click", () => void this.#answer(false));
  }

  /** What the tab says. */
  render(roomName: string, unread: number): void {
    document.title = `${unread > 0 ? `(${formatCount(unread)}) ` : ""}${roomName} · Tidings chat`;
    const icon = unread > 0 ? "/favicon-unread.svg" : "/favicon.svg";
    if (this.#icon.getAttribute("href") !== icon) this.#icon.setAttribute("href", icon);
  }

  /** The page as nobody's. */
  clear(): void {
    this.#offer.hidden = true;
    this.render("Sign in", 0);
  }

  /** Somebody named the person, who does not see it. */
  tell(mention: Mention): void {
    const { notifications, sound, offered } = this.#preferences.value;
    if (sound) this.beep();
    if (!canNotify()) return;
    // Asked when it is clear what for, by a button, and once.
    if (Notification.permission === "default" && notifications && !offered) this.#offer.hidden = false;
    if (Notification.permission === "granted" && notifications && document.visibilityState === "hidden")
      this.#notify(mention);
  }

  /** Two short notes. The browser allows it once somebody has clicked or typed here. */
  beep(): void {
    this.#audio ??= new AudioContext();
    const { currentTime, destination } = this.#audio;
    for (const [index, frequency] of [660, 880].entries()) {
      const begin = currentTime + index * 0.12;
      const tone = new OscillatorNode(this.#audio, { frequency });
      const volume = new GainNode(this.#audio, { gain: 0 });
      volume.gain.setValueAtTime(0.12, begin).exponentialRampToValueAtTime(0.001, begin + 0.12);
      tone.connect(volume).connect(destination);
      tone.start(begin);
      tone.stop(begin + 0.12);
    }
  }

  /** The browser's own question. Resolves with whether notifications will come. */
  async ask(): Promise<boolean> {
    return canNotify() && (await Notification.requestPermission()) === "granted";
  }

  async #answer(accepted: boolean): Promise<void> {
    this.#offer.hidden = true;
    this.#preferences.set({ offered: true, notifications: accepted });
    element("text", HTMLTextAreaElement).focus();
    if (accepted) await this.ask();
  }

  #notify(mention: Mention): void {
    // One tag for all tabs of a browser: the last replaces the others.
    const options = { body: mention.text, tag: mention.messageId, icon: "/favicon.svg" };
    try {
      const notification = new Notification(`${mention.by} in ${mention.roomName}`, options);
      notification.addEventListener("click", () => {
        window.focus();
        notification.close();
        this.#onOpen(mention);
      });
    } catch {
      // Browsers on Android know the class and allow it only to service workers.
    }
  }
}

export const canNotify = (): boolean => "Notification" in globalThis;
