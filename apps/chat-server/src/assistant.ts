import { addWord, chat, type AnswerEnd } from "@tidings-apps/chat-contract";
import { sleep } from "@tidings/log/engine";
import { LeaseError, PublishError, systemClock, type Clock, type Writer } from "@tidings/server";
import { answerWords } from "./answer-words.ts";
import type { Answer } from "./answers.ts";
import type { Model } from "./model.ts";
import { settle } from "./settle.ts";
import type { ChatStorage } from "./storage.ts";

type AnswerWriter = Writer<typeof chat, "answer">;

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
/** The longest time of an answer, in milliseconds. */
const MAX_TIME = 60_000;
/** Milliseconds until an answer that could not be stored is stored again. */
const RETRY_DELAY = 1_000;
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
    const writer = await takeLease(answer);
    await (writer === null ? follow(answer) : write(answer, writer));
  }

  /** Returns null if another server has the lease, or if the answer has ended. */
  async function takeLease({ id: answerId }: Answer): Promise<AnswerWriter | null> {
    try {
      return await hub.lease(chat.answer({ answerId }), { ttl: lease, aborted: { state: "interrupted" } });
    } catch (error) {
      const isTaken = error instanceof LeaseError && error.code === "taken";
      if (isTaken || hasEnded(error)) return null;
      throw error;
    }
  }

  async function write(answer: Answer, writer: AnswerWriter): Promise<void> {
    const timeout = new AbortController();
    const cancelTimeout = clock.setTimeout(() => timeout.abort(), MAX_TIME, true);
    const signal = AbortSignal.any([writer.signal, closing.signal, timeout.signal]);
    let text = "";
    let isComplete = false;
    let number = 0;
    try {
      for await (const word of answerWords(model(answer.question, signal), signal)) {
        await writer.publish("word", { text: word, number: ++number });
        text += word;
      }
      isComplete = text.trim() !== "";
    } catch (error) {
      report(error);
    } finally {
      cancelTimeout();
    }
    await end(answer, writer, text, endOf(signal, isComplete));
  }

  /** Stores the text, and ends the answer in the same transaction. The log refuses it if another server was first. */
  async function end(answer: Answer, writer: AnswerWriter, text: string, answerEnd: AnswerEnd): Promise<void> {
    try {
      await storage.write(async (tx) => {
        await settle(tx, answer, text, answerEnd);
        await tx.end(writer.address, answerEnd);
      });
    } catch (error) {
      // Another server has ended it, since this one was silent for too long. It stores what the log has.
      if (hasEnded(error)) return;
      report(error);
      // The text is still in the log. The next server that looks stores it.
      if (closing.signal.aborted) return void (await writer.end({ state: "interrupted" }));
      await sleep(clock, RETRY_DELAY, closing.signal);
      return end(answer, writer, text, answerEnd);
    }
    await release(writer);
  }

  /** Gives the lease up, which would stand for as long as this server lives. */
  async function release(writer: AnswerWriter): Promise<void> {
    try {
      await writer.release();
    } catch (error) {
      // A lease that is lost need not be given up.
      if (error instanceof LeaseError || closing.signal.aborted) return;
      report(error);
      await sleep(clock, RETRY_DELAY, closing.signal);
      await release(writer);
    }
  }

  /** Reads what another server writes, and stores it if that one cannot. */
  async function follow(answer: Answer): Promise<void> {
    let text = "";
    const address = chat.answer({ answerId: answer.id });
    for await (const item of hub.events(address, { after: null, signal: closing.signal })) {
      if (item.kind === "event") text = addWord(text, item.data);
      // The log has lost the beginning. Without it, what was before the gap says something else.
      if (item.kind === "gap") text = "";
      if (item.kind !== "end" || !(await tables.answers.has(answer.id))) continue;
      const { data } = item;
      await storage.write((tx) => settle(tx, answer, text, data));
    }
  }

  /** Nobody hears a stop before there is a writer. So who gets the lease now ends the answer, without a word. */
  async function stop(answerId: string, by: string): Promise<void> {
    const answer = (await tables.answers.all()).find(({ id }) => id === answerId);
    const writer = answer === undefined ? null : await takeLease(answer);
    if (answer === undefined || writer === null) await hub.stop(chat.answer({ answerId }), by);
    else note(answerId, end(answer, writer, "", { state: "stopped", by }));
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

function endOf({ aborted, reason }: AbortSignal, isComplete: boolean): AnswerEnd {
  const isStopped = reason instanceof LeaseError && reason.code === "stopped";
  if (isStopped) return { state: "stopped", by: reason.reason ?? "" };
  return { state: isComplete && !aborted ? "done" : "interrupted" };
}

function hasEnded(error: unknown): boolean {
  return error instanceof PublishError && error.code === "ended";
}
