import { setTimeout as delay } from "node:timers/promises";
import { cookieOf } from "../../chat.ts";
import { pick, repeatByWeight } from "./chance.ts";
import { Onlooker } from "./onlooker.ts";

/** Milliseconds after which a request is aborted. */
const PATIENCE = 5_000;
/** Milliseconds until a failed request is tried again. */
const BACKOFF = 50;
/** How many tabs a person has at most. */
const MOST_TABS = 3;
/** The longest pause between two actions, in milliseconds. */
const PAUSE = 150;

export const NAMES = ["ada", "bo", "cy", "di"] as const;
const ROOM_NAMES = ["Lobby", "Tea room", "Garden", "Library", "Kitchen", "Attic", "Cellar"];

/** A page with a session of its own. */
interface Tab {
  readonly cookie: string;
  onlooker: Onlooker;
}

/**
 * A person with some tabs, who does one random action after the other. Each is tried until the server has acknowledged
 * it.
 */
export class Person {
  readonly name: string;
  /** The texts of all messages that were acknowledged. */
  readonly said: string[] = [];
  /** Tabs whose session has ended. */
  readonly signedOut: Onlooker[] = [];
  /** How many actions are done. */
  actions = 0;
  /** How many requests failed and were tried again. */
  failures = 0;
  readonly #url: string;
  readonly #roomIds = new Set<string>(["lobby"]);
  readonly #tabs: Tab[] = [];
  readonly #choices = repeatByWeight<() => Promise<void>>([
    [40, () => this.#say()],
    [12, () => this.#read()],
    [6, () => this.#setTopic()],
    [6, () => this.#setMembership()],
    [6, () => this.#type()],
    [3, () => this.#openRoom()],
    [3, async () => pick(this.#tabs).onlooker.resubscribe(pick([...this.#roomIds]))],
    [1, () => this.openTab()],
    [1, async () => this.#reload()],
    [1, () => this.#signOut()],
  ]);

  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
  }

  get onlookers(): readonly Onlooker[] {
    return this.#tabs.map(({ onlooker }) => onlooker);
  }

  async openTab(): Promise<void> {
    if (this.#tabs.length === MOST_TABS) this.#tabs.shift()?.onlooker.leave();
    const cookie = cookieOf(await this.#requestUntilOk("POST", "/api/session", { name: this.name }, ""));
    this.#tabs.push({ cookie, onlooker: new Onlooker(this.name, this.#url, cookie) });
  }

  async actUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pick(this.#choices)();
      this.actions++;
      await delay(Math.random() * PAUSE);
    }
  }

  leave(): void {
    for (const { onlooker } of this.#tabs) onlooker.leave();
  }

  async #say(): Promise<void> {
    const number = this.said.length;
    const text = `${this.name}:${number}${Math.random() < 0.2 ? ` @${pick(NAMES)}` : ""}`;
    await this.#requestUntilOk("POST", `${this.#room()}/messages`, { text, idempotencyKey: text });
    this.said.push(text);
  }

  async #read(): Promise<void> {
    // A number beyond the newest message marks all as read.
    await this.#requestUntilOk("PUT", `${this.#room()}/read`, { number: 1_000_000_000 });
  }

  async #setTopic(): Promise<void> {
    await this.#requestUntilOk("PUT", `${this.#room()}/topic`, { text: `${this.name} knows better, ${this.actions}` });
  }

  async #setMembership(): Promise<void> {
    await this.#requestUntilOk(Math.random() < 0.6 ? "PUT" : "DELETE", `${this.#room()}/membership`);
  }

  async #type(): Promise<void> {
    await this.#requestUntilOk("POST", `${this.#room()}/typing`);
  }

  async #openRoom(): Promise<void> {
    const response = await this.#requestUntilOk("POST", "/api/rooms", { name: pick(ROOM_NAMES) });
    const { room } = (await response.json()) as { room: { id: string } };
    this.#roomIds.add(room.id);
  }

  /** Reloads a page, with the same cookie. */
  #reload(): void {
    const tab = pick(this.#tabs);
    tab.onlooker.leave();
    tab.onlooker = new Onlooker(this.name, this.#url, tab.cookie);
  }

  /** Signs out in the oldest tab. The sessions of the others go on. */
  async #signOut(): Promise<void> {
    if (this.#tabs.length === 1) await this.openTab();
    const [oldest] = this.#tabs.splice(0, 1) as [Tab];
    await this.#requestUntilOk("DELETE", "/api/session", undefined, oldest.cookie);
    this.signedOut.push(oldest.onlooker);
  }

  #room(): string {
    return `/api/rooms/${pick([...this.#roomIds])}`;
  }

  /** Repeats a request until it succeeds. @throws Error for a 4xx status, since every request here is valid */
  async #requestUntilOk(
    method: string,
    path: string,
    body?: unknown,
    cookie = pick(this.#tabs).cookie,
  ): Promise<Response> {
    for (; ; await delay(BACKOFF)) {
      const response = await this.#request(method, path, body, cookie);
      if (response?.ok === true) return response;
      if (response !== null && response.status < 500) {
        const answer = `${response.status} ${await response.text()}`;
        throw new Error(`Expected ${method} ${path} by ${this.name} to succeed, got ${answer}.`);
      }
      this.failures++;
    }
  }

  /** Returns null when the connection broke. */
  async #request(method: string, path: string, body: unknown, cookie: string): Promise<Response | null> {
    const headers = { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const text = body === undefined ? null : JSON.stringify(body);
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(this.#url + path, { method, headers, body: text, signal });
      // Reads the whole body, since the connection may break before its end.
      const { status } = response;
      return new Response(status === 204 ? null : await response.text(), { status, headers: response.headers });
    } catch {
      return null;
    }
  }
}
