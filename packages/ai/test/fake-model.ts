import { MockLanguageModelV4 } from "ai/test";

type StreamResult = Awaited<ReturnType<MockLanguageModelV4["doStream"]>>;
type Part = StreamResult["stream"] extends ReadableStream<infer P> ? P : never;

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};

/** A model that says what the test tells it to say, and notes what becomes of its calls. */
export class FakeModel {
  readonly model: MockLanguageModelV4;
  /** One for each call. */
  readonly signals: (AbortSignal | undefined)[] = [];
  /** Whether it refuses to be called, as one without a key does. */
  refuses = false;
  #controller: ReadableStreamDefaultController<Part> | null = null;

  constructor() {
    this.model = new MockLanguageModelV4({
      doStream: async ({ abortSignal }) => {
        this.signals.push(abortSignal);
        if (this.refuses) throw new Error("no key");
        const stream = new ReadableStream<Part>({
          start: (controller) => {
            this.#controller = controller;
            controller.enqueue({ type: "stream-start", warnings: [] });
            controller.enqueue({ type: "text-start", id: "t" });
          },
        });
        return { stream };
      },
    });
  }

  say(...words: readonly string[]): void {
    for (const delta of words) this.#controller?.enqueue({ type: "text-delta", id: "t", delta });
  }

  /** The answer breaks off. */
  breakOff(): void {
    this.#controller?.error(new Error("no power"));
  }

  /** Says that it has failed, as a provider does that is overloaded in the middle of an answer. */
  sayError(): void {
    this.#controller?.enqueue({ type: "error", error: new Error("no power") });
    this.#controller?.close();
  }

  finish(): void {
    this.#controller?.enqueue({ type: "text-end", id: "t" });
    this.#controller?.enqueue({ type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: USAGE });
    this.#controller?.close();
  }
}
