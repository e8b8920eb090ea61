import { chat, type AnswerEnd } from "@tidings-apps/chat-contract";
import { sleep } from "@tidings/log/engine";
import { LeaseError, PublishError, type Clock, type Writer } from "@tidings/server";
import { answerWords } from "./answer-words.ts";
import type { Answer } from "./answers.ts";
import type { Model } from "./model.ts";
import { settle } from "./settle.ts";
import type { ChatStorage } from "./storage.ts";

export type AnswerWriter = Writer<typeof chat, "answer">;

interface AnswerWritersNeeds {
  readonly storage: Pick<ChatStorage, "hub" | "write">;
  readonly model: Model;
  /** For how many milliseconds the server may be silent until another one ends its answers. */
  readonly ttl: number;
  readonly clock: Clock;
  /** Gets what the model or the storage has thrown. */
  readonly report: (error: unknown) => void;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/** The longest time of an answer, in milliseconds. */
const MAX_TIME = 60_000;
/** Milliseconds until an answer that could not be stored is stored again. */
const RETRY_DELAY = 1_000;

/** Writes answers of this server, each with the lease of its address. */
export class AnswerWriters {
  readonly #needs: AnswerWritersNeeds;

  constructor(needs: AnswerWritersNeeds) {
    this.#needs = needs;
  }

  /** Returns null if another server has the lease, or if the answer has ended. */
  async take({ id: answerId }: Answer): Promise<AnswerWriter | null> {
    const { storage, ttl } = this.#needs;
    try {
      return await storage.hub.lease(chat.answer({ answerId }), { ttl, aborted: { state: "interrupted" } });
    } catch (error) {
      const isTaken = error instanceof LeaseError && error.code === "taken";
      if (isTaken || hasEnded(error)) return null;
      throw error;
    }
  }

  /** Publishes what the model says, word by word, and ends the answer. */
  async write(answer: Answer, writer: AnswerWriter): Promise<void> {
    const { model, clock, report, closing } = this.#needs;
    const timeout = new AbortController();
    const cancelTimeout = clock.setTimeout(() => timeout.abort(), MAX_TIME, true);
    const signal = AbortSignal.any([writer.signal, closing, timeout.signal]);
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
    await this.end(answer, writer, text, endOf(signal, isComplete));
  }

  /** Stores the text, and ends the answer in the same transaction. The log refuses it if another server was first. */
  async end(answer: Answer, writer: AnswerWriter, text: string, answerEnd: AnswerEnd): Promise<void> {
    const { storage, clock, report, closing } = this.#needs;
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
      if (closing.aborted) return void (await writer.end({ state: "interrupted" }));
      await sleep(clock, RETRY_DELAY, closing);
      return this.end(answer, writer, text, answerEnd);
    }
    await this.#release(writer);
  }

  /** Gives the lease up, which would stand for as long as this server lives. */
  async #release(writer: AnswerWriter): Promise<void> {
    const { clock, report, closing } = this.#needs;
    try {
      await writer.release();
    } catch (error) {
      // A lease that is lost need not be given up.
      if (error instanceof LeaseError || closing.aborted) return;
      report(error);
      await sleep(clock, RETRY_DELAY, closing);
      await this.#release(writer);
    }
  }
}

function endOf({ aborted, reason }: AbortSignal, isComplete: boolean): AnswerEnd {
  const isStopped = reason instanceof LeaseError && reason.code === "stopped";
  if (isStopped) return { state: "stopped", by: reason.reason ?? "" };
  return { state: isComplete && !aborted ? "done" : "interrupted" };
}

function hasEnded(error: unknown): boolean {
  return error instanceof PublishError && error.code === "ended";
}
