import { chat, type Message } from "@tidings-apps/chat-contract";
import { createPresence } from "@tidings/client/presence";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { visit, type Visitor } from "../chat.ts";

/** Milliseconds until a post that failed is tried again. */
const BACKOFF = 20;

const lobby = chat.room({ roomId: "lobby" });

/** Somebody in the lobby, who notes what comes, and posts until it is acknowledged. */
export class Member {
  /** The texts of the messages, in the order in which they came; after a gap, those of the new snapshot. */
  heard: string[] = [];
  /** The reasons of the gaps of the lobby. */
  readonly gaps: string[] = [];
  /** Messages that came twice, or not in their place. */
  readonly surprises: string[] = [];
  /** What was acknowledged. */
  readonly said: string[] = [];
  readonly visitor: Visitor;
  readonly name: string;
  /** The names of everybody who is online, sorted. */
  readonly online: () => readonly string[];
  readonly leave: () => void;
  #newest = 0;
  #inSnapshot = 0;

  private constructor(name: string, visitor: Visitor) {
    this.name = name;
    this.visitor = visitor;
    const client = visitor.connect();
    this.leave = () => client.close();
    onTestFinished(this.leave);
    client.subscribe(lobby, {
      snapshot: ({ messages }) => {
        this.heard = messages.map(({ text }) => text);
        this.#newest = this.#inSnapshot = messages.at(-1)?.number ?? 0;
      },
      message: (message) => this.#hear(message),
      onGap: ({ reason }) => this.gaps.push(reason),
    });
    const presence = createPresence(client, { contract: chat, servers: chat.servers() });
    const people = presence.people(chat.presence());
    this.online = () => people.value.map(({ viewer }) => viewer).toSorted();
  }

  static async join(name: string, url: string): Promise<Member> {
    return new Member(name, await visit(url, name));
  }

  /** Posts once. Null if the connection broke. */
  async post(text: string): Promise<Response | null> {
    const body = { text, idempotencyKey: text };
    return this.visitor.request("POST", "/api/rooms/lobby/messages", body).catch(() => null);
  }

  /** Posts until it is acknowledged. @throws Error for an answer that says neither 201 nor 503 */
  async say(text: string): Promise<void> {
    for (; ; await delay(BACKOFF)) {
      const response = await this.post(text);
      if (response?.status === 201) break;
      if (response !== null && response.status !== 503) {
        throw new Error(`Expected 201 or 503 for ${text}, got ${response.status} ${await response.text()}.`);
      }
    }
    this.said.push(text);
  }

  /** Says one message after the other. */
  async sayUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.say(`${this.name} ${this.said.length}`);
  }

  #hear({ number, text }: Message): void {
    // It may be in the snapshot already, which is loaded after its cursor was taken.
    if (number <= this.#inSnapshot) return;
    if (number !== this.#newest + 1) this.surprises.push(`${number} came after ${this.#newest}`);
    this.#newest = number;
    this.heard.push(text);
  }
}
