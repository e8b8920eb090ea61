/** What the assistant is asked. */
export interface Question {
  /** The name of the person who asks. */
  readonly by: string;
  /** Their message, with the mention of the assistant in it: at most `MAX_TEXT` characters. */
  readonly text: string;
}

/**
 * A language model. It gives its answer word by word, each with the space or the line break around it. The signal is
 * aborted when nobody wants the rest: then the model should stop its work. What it gives after that is not used.
 */
export type Model = (question: Question, signal: AbortSignal) => AsyncIterable<string>;
