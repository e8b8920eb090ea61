import { addWord, chat, MAX_WORDS, type Message } from "@tidings-apps/chat-contract";
import { StreamError, type Client, type ClientSubscription, type StreamErrorCode } from "@tidings/client";

/** What a request fails with while there is no connection, or when the page is left. */
const OUTAGES: ReadonlySet<StreamErrorCode> = new Set<StreamErrorCode>(["network", "timeout", "closed"]);

/** What the answers need, and what they call. */
export interface FollowedAnswersOptions {
  readonly client: Pick<Client<typeof chat>, "history" | "subscribe">;
  /** A word has come. */
  onWord(): void;
  /** An answer that was followed has ended. */
  onEnd(message: Message): void;
  /** The words cannot be read, and not because there is no connection. They are read again at the next `retry`. */
  onProblem(error: unknown): void;
}

/** The answers of the open room that are being written, word by word. */
export class FollowedAnswers {
  readonly #options: FollowedAnswersOptions;
  #followed = new Map<string, FollowedAnswer>();

  constructor(options: FollowedAnswersOptions) {
    this.#options = options;
  }

  /** The text so far of an answer; null if it is not being written. */
  textOf(messageId: string): string | null {
    return this.#followed.get(messageId)?.text ?? null;
  }

  /** Follows the answers among the messages of the open room that are being written, and no others. */
  follow(messages: readonly Message[]): void {
    const before = this.#followed;
    this.#followed = new Map();
    for (const message of messages) {
      const { id, answer } = message;
      if (answer === null) continue;
      const known = before.get(id);
      if (answer.state === "writing") {
        this.#followed.set(id, known ?? new FollowedAnswer(id, this.#options));
      } else if (known !== undefined) {
        this.#options.onEnd(message);
      }
    }
    for (const [id, answer] of before) {
      if (!this.#followed.has(id)) answer.close();
    }
  }

  /** Reads again what could not be read. Call it when there is a connection, and now and then. */
  retry(): void {
    for (const answer of this.#followed.values()) answer.retry();
  }
}

/** The words of one answer: first all that have been written, in one piece, then each as it comes. */
class FollowedAnswer {
  text = "";
  readonly #id: string;
  readonly #options: FollowedAnswersOptions;
  readonly #closing = new AbortController();
  #state: "reading" | "failed" | "following" = "failed";
  #subscription: ClientSubscription | null = null;

  constructor(id: string, options: FollowedAnswersOptions) {
    this.#id = id;
    this.#options = options;
    this.retry();
  }

  retry(): void {
    if (this.#state === "failed") void this.#read();
  }

  close(): void {
    this.#closing.abort();
    this.#subscription?.close();
  }

  async #read(): Promise<void> {
    const { client } = this.#options;
    const { signal } = this.#closing;
    const address = chat.answer({ answerId: this.#id });
    this.#state = "reading";
    try {
      const { events, cursor } = await client.history(address, { last: MAX_WORDS + 1, signal });
      if (signal.aborted) return;
      this.text = events.reduce((text, { data }) => addWord(text, data), "");
      this.#options.onWord();
      this.#follow(cursor);
    } catch (error) {
      this.#state = "failed";
      // The page shows that there is no connection. If the answer has ended, the message has all of its text.
      if (!signal.aborted && !isOutage(error)) this.#options.onProblem(error);
    }
  }

  /** Some words are gone. What the server still has takes their place. */
  #readAgain(): void {
    this.#subscription?.close();
    void this.#read();
  }

  #follow(after: string): void {
    this.#state = "following";
    this.#subscription = this.#options.client.subscribe(
      chat.answer({ answerId: this.#id }),
      {
        word: (word) => {
          this.text = addWord(this.text, word);
          this.#options.onWord();
        },
        onGap: () => this.#readAgain(),
      },
      { after },
    );
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof StreamError && OUTAGES.has(error.code);
}
