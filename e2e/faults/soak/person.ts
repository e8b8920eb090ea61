import { setTimeout as delay } from "node:timers/promises";
import { cookieOf } from "../../chat.ts";
import { pick, weigh } from "./chance.ts";
import { Onlooker } from "./onlooker.ts";

/** Milliseconds until an answer is given up, and until what has failed is tried again. */
const PATIENCE = 5_000;
const BACKOFF = 50;
/** Tabs of one person. */
const MOST_TABS = 3;
/** The longest pause between two deeds, in milliseconds. */
const PAUSE = 150;

export const NAMES = ["ada", "bo", "cy", "di"] as const;
const ROOM_NAMES = ["Lobby", "Tea room", "Garden", "Library", "Kitchen", "Attic", "Cellar"];

/** A page that somebody has open, by a session of its own. */
interface Tab {
  readonly cookie: string;
  onlooker: Onlooker;
}

/** Somebody who does one thing after the other, each until the server has acknowledged it, and looks on through some tabs. */
export class Person {
  readonly name: string;
  /** What was acknowledged. */
  readonly said: string[] = [];
  /** Those whose session has ended. */
  readonly signedOut: Onlooker[] = [];
  deeds = 0;
  /** Requests that were cut off, and tried again. */
  failures = 0;
  readonly #url: string;
  readonly #roomIds = new Set<string>(["lobby"]);
  readonly #tabs: Tab[] = [];
  readonly #deeds = weigh<() => Promise<void>>([
    [40, () => this.#say()],
    [12, () => this.#read()],
    [6, () => this.#setTopic()],
    [6, () => this.#setMembership()],
    [6, () => this.#type()],
    [3, () => this.#openRoom()],
    [3, async () => pick(this.#tabs).onlooker.lookAgain(pick([...this.#roomIds]))],
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
    const cookie = cookieOf(await this.#insist("POST", "/api/session", { name: this.name }, ""));
    this.#tabs.push({ cookie, onlooker: new Onlooker(this.name, this.#url, cookie) });
  }

  async liveUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await pick(this.#deeds)();
      this.deeds++;
      await delay(Math.random() * PAUSE);
    }
  }

  leave(): void {
    for (const { onlooker } of this.#tabs) onlooker.leave();
  }

  async #say(): Promise<void> {
    const number = this.said.length;
    const text = `${this.name}:${number}${Math.random() < 0.2 ? ` @${pick(NAMES)}` : ""}`;
    await this.#insist("POST", `${this.#room()}/messages`, { text, idempotencyKey: text });
    this.said.push(text);
  }

  async #read(): Promise<void> {
    // More than there is: everything.
    await this.#insist("PUT", `${this.#room()}/read`, { number: 1_000_000_000 });
  }

  async #setTopic(): Promise<void> {
    await this.#insist("PUT", `${this.#room()}/topic`, { text: `${this.name} knows better, ${this.deeds}` });
  }

  async #setMembership(): Promise<void> {
    await this.#insist(Math.random() < 0.6 ? "PUT" : "DELETE", `${this.#room()}/membership`);
  }

  async #type(): Promise<void> {
    await this.#insist("POST", `${this.#room()}/typing`);
  }

  async #openRoom(): Promise<void> {
    const response = await this.#insist("POST", "/api/rooms", { name: pick(ROOM_NAMES) });
    const { room } = (await response.json()) as { room: { id: string } };
    this.#roomIds.add(room.id);
  }

  /** The page is loaded again, with the same cookie. */
  #reload(): void {
    const tab = pick(this.#tabs);
    tab.onlooker.leave();
    tab.onlooker = new Onlooker(this.name, this.#url, tab.cookie);
  }

  /** Of the oldest tab; the others go on. */
  async #signOut(): Promise<void> {
    if (this.#tabs.length === 1) await this.openTab();
    const [oldest] = this.#tabs.splice(0, 1) as [Tab];
    await this.#insist("DELETE", "/api/session", undefined, oldest.cookie);
    this.signedOut.push(oldest.onlooker);
  }

  #room(): string {
    return `/api/rooms/${pick([...this.#roomIds])}`;
  }

  /** Asks until there is an answer. @throws Error when the server says no: nothing that is done here is wrong */
  async #insist(method: string, path: string, body?: unknown, cookie = pick(this.#tabs).cookie): Promise<Response> {
    for (; ; await delay(BACKOFF)) {
      const response = await this.#ask(method, path, body, cookie);
      if (response?.ok === true) return response;
      if (response !== null && response.status < 500)
        throw new Error(`${method} ${path} by ${this.name}: ${response.status} ${await response.text()}`);
      this.failures++;
    }
  }

  /** Null when the connection broke. */
  async #ask(method: string, path: string, body: unknown, cookie: string): Promise<Response | null> {
    const headers = { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const text = body === undefined ? null : JSON.stringify(body);
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(this.#url + path, { method, headers, body: text, signal });
      // The end of the answer may be cut off, too.
      const { status } = response;
      return new Response(status === 204 ? null : await response.text(), { status, headers: response.headers });
    } catch {
      return null;
    }
  }
}
