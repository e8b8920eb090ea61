import type { Mention } from "@tidings-apps/chat-contract";
import { element, elementIn } from "./element.ts";
import type { Preferences } from "./preferences.ts";
import { formatCount } from "./room-list.ts";

/** The signals for a person who does not look at the page: title, icon, sound, and the browser's notifications. */
export class Alerts {
  readonly #preferences: Preferences;
  readonly #onOpen: (mention: Mention) => void;
  readonly #icon = elementIn(document, "link[rel=icon]", HTMLLinkElement);
  readonly #offer = element("offer", HTMLDivElement);
  #audio: AudioContext | null = null;

  /** @param onOpen called when the person clicks on a notification */
  constructor(preferences: Preferences, onOpen: (mention: Mention) => void) {
    this.#preferences = preferences;
    this.#onOpen = onOpen;
    element("offer-accept", HTMLButtonElement).addEventListener("click", () => void this.#answerOffer(true));
    element("offer-decline", HTMLButtonElement).addEventListener("click", () => void this.#answerOffer(false));
  }

  /** Shows the room and the number of unread messages in the title and the icon of the tab. */
  render(roomName: string, unread: number): void {
    const prefix = unread > 0 ? `(${formatCount(unread)}) ` : "";
    document.title = `${prefix}${roomName} · Tidings chat`;
    const icon = unread > 0 ? "/favicon-unread.svg" : "/favicon.svg";
    if (this.#icon.getAttribute("href") !== icon) this.#icon.setAttribute("href", icon);
  }

  /** Shows the title and the icon of a page where nobody is signed in. */
  clear(): void {
    this.#offer.hidden = true;
    this.render("Sign in", 0);
  }

  /** Somebody has mentioned the person, and the person does not see the message. */
  announce(mention: Mention): void {
    const { notifications, sound, offered } = this.#preferences.value;
    if (sound) this.beep();
    if (!canNotify() || !notifications) return;
    // The page asks for the permission only now, when its use is clear, and only once.
    const { permission } = Notification;
    if (permission === "default" && !offered) this.#offer.hidden = false;
    if (permission === "granted" && document.visibilityState === "hidden") this.#notify(mention);
  }

  /** Plays two short notes. Browsers allow it only after the person has clicked or typed on the page. */
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

  /** Shows the browser's own question. Resolves with whether the person allows notifications. */
  async requestPermission(): Promise<boolean> {
    return canNotify() && (await Notification.requestPermission()) === "granted";
  }

  async #answerOffer(accepted: boolean): Promise<void> {
    this.#offer.hidden = true;
    this.#preferences.set({ offered: true, notifications: accepted });
    element("text", HTMLTextAreaElement).focus();
    if (accepted) await this.requestPermission();
  }

  #notify(mention: Mention): void {
    // All tabs of a browser use the same tag, so the last notification replaces the others.
    const options = { body: mention.text, tag: mention.messageId, icon: "/favicon.svg" };
    try {
      const notification = new Notification(`${mention.by} in ${mention.roomName}`, options);
      notification.addEventListener("click", () => {
        window.focus();
        notification.close();
        this.#onOpen(mention);
      });
    } catch {
      // Browsers on Android have the class, but its constructor throws outside of a service worker.
    }
  }
}

/** Returns whether the browser has notifications at all. */
export function canNotify(): boolean {
  return "Notification" in globalThis;
}
