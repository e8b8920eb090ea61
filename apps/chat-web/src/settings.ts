import { canNotify, type Alerts } from "./alerts.ts";
import { element, elementIn, setText } from "./element.ts";
import type { Preferences, Theme } from "./preferences.ts";

/** The dialog for the theme, the sound and the notifications. This browser keeps the choices. */
export class Settings {
  readonly #dialog = element("settings", HTMLDialogElement);
  readonly #theme = elementIn(this.#dialog, "[name=theme]", HTMLSelectElement);
  readonly #sound = elementIn(this.#dialog, "[name=sound]", HTMLInputElement);
  readonly #notifications = elementIn(this.#dialog, "[name=notifications]", HTMLInputElement);
  readonly #note = element("notifications-note", HTMLParagraphElement);
  readonly #preferences: Preferences;

  constructor(preferences: Preferences, alerts: Alerts) {
    this.#preferences = preferences;
    paintTheme(preferences.value.theme);
    element("close-settings", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#theme.addEventListener("change", () => {
      // Safe: the options of index.html are exactly the themes.
      preferences.set({ theme: this.#theme.value as Theme });
      paintTheme(preferences.value.theme);
    });
    this.#sound.addEventListener("change", () => {
      preferences.set({ sound: this.#sound.checked });
      if (this.#sound.checked) alerts.beep();
    });
    this.#notifications.addEventListener("change", () => {
      preferences.set({ notifications: this.#notifications.checked, offered: true });
      if (this.#notifications.checked) void alerts.requestPermission().then(() => this.#render());
    });
  }

  open(): void {
    this.#render();
    this.#dialog.showModal();
  }

  #render(): void {
    const { theme, sound, notifications } = this.#preferences.value;
    this.#theme.value = theme;
    this.#sound.checked = sound;
    const permission = canNotify() ? Notification.permission : "denied";
    this.#notifications.checked = notifications && permission === "granted";
    this.#notifications.disabled = permission === "denied";
    setText(
      this.#note,
      permission === "denied" ? "This browser does not allow them here; its site settings can change that." : "",
    );
  }
}

function paintTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}
