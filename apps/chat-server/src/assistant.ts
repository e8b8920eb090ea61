import { chat } from "@tidings-apps/chat-contract";
import { sleep } from "@tidings/log/engine";
import { systemClock, type Clock } from "@tidings/server";
import { AnswerWriters } from "./answer-writers.ts";
import type { Answer } from "./answers.ts";
import { followAnswer } from "./follow-answer.ts";
import type { Model } from "./model.ts";
import type { ChatStorage } from "./storage.ts";

/** The options of `createAssistant`. */
export interface AssistantOptions {
  readonly storage: Pick<ChatStorage, "hub" | "tables" | "write">;
  readonly model: Model;
  /**
   * For how many milliseconds a server may be silent until another one ends its answers, 1,000 to 600,000.
   * @default 5_000
   */
  readonly lease?: number;
  /** The clock of the hub. @default the clock of the runtime */
  readonly clock?: Clock;
  /** Gets what the model or the storage has thrown. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/** The assistant, as one of the servers runs it. */
export interface Assistant {
  /** Begins soon with the answers that nobody writes yet. It also looks by itself, every two seconds. */
  look(): void;
  /** Asks for an answer to be stopped, in whichever server it is written. @param by the name of the person */
  stop(answerId: string, by: string): Promise<void>;
  /** Ends the answers of this server with the text that they have, within a fifth of a second. Never rejects. */
  close(): Promise<void>;
}

/** Milliseconds between two looks. Other servers may have added answers, or may have died. */
const LOOK_INTERVAL = 2_000;
/** The most milliseconds that the answers have to end when the server closes. */
const CLOSING_TIME = 200;

/**
 * Each answer in the table has one writer, over all servers: the one that gets its lease. The others follow the words
 * in the log. If the writer dies, the hub ends the answer, and the server that gets the end first stores the text.
 */
export function createAssistant(options: AssistantOptions): Assistant {
  const { storage, model, lease = 5_000, clock = systemClock, onError = console.error } = options;
  const { hub, tables } = storage;
  const closing = new AbortController();
  const writers = new AnswerWriters({ storage, model, ttl: lease, clock, report, closing: closing.signal });
  /** What this server writes or follows, by the id of the answer. */
  const attended = new Map<string, Promise<void>>();

  async function look(): Promise<void> {
    const answers = await tables.answers.all();
    if (closing.signal.aborted) return;
    for (const answer of answers) {
      if (!attended.has(answer.id)) note(answer.id, attend(answer));
    }
  }

  async function lookAgain(): Promise<void> {
    while (!closing.signal.aborted) {
      await look().catch(report);
      await sleep(clock, LOOK_INTERVAL, closing.signal);
    }
  }

  function report(error: unknown): void {
    if (!closing.signal.aborted) onError(error);
  }

  /** Notes what this server does for an answer. What has failed is tried again at a later look. */
  function note(answerId: string, work: Promise<void>): void {
    const attending = work.catch(report).finally(() => {
      if (attended.get(answerId) === attending) attended.delete(answerId);
    });
    attended.set(answerId, attending);
  }

  async function attend(answer: Answer): Promise<void> {
    const writer = await writers.take(answer);
    await (writer === null ? followAnswer(storage, answer, closing.signal) : writers.write(answer, writer));
  }

  /** Nobody hears a stop before there is a writer. So who gets the lease now ends the answer, without a word. */
  async function stop(answerId: string, by: string): Promise<void> {
    const answer = (await tables.answers.all()).find(({ id }) => id === answerId);
    const writer = answer === undefined ? null : await writers.take(answer);
    if (answer === undefined || writer === null) await hub.stop(chat.answer({ answerId }), by);
    else note(answerId, writers.end(answer, writer, "", { state: "stopped", by }));
  }

  void lookAgain();
  return {
    look: () => void look().catch(report),
    stop,
    async close() {
      closing.abort();
      const waiting = new AbortController();
      const ended = Promise.all(attended.values()).finally(() => waiting.abort());
      await Promise.race([ended, sleep(clock, CLOSING_TIME, waiting.signal)]);
    },
  };
}
