import { ELLIPSIS, MAX_TEXT, MAX_WORDS } from "@tidings-apps/chat-contract";

/** The first half of a character. A model may split one, for example an emoji. */
const HALF = /[\uD800-\uDBFF]$/;

/**
 * The words of a model, as many as an answer may have. They end as soon as the signal is aborted, even if the model
 * does not listen to it.
 */
export async function* answerWords(words: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string, void> {
  const iterator = words[Symbol.asyncIterator]();
  const aborted = untilAborted(signal);
  const most = MAX_TEXT - ELLIPSIS.length;
  let free = most;
  let half = "";
  try {
    for (let count = 1; !signal.aborted; count++) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next === "aborted" || next.done === true) return;
      const given = half + next.value;
      half = HALF.exec(given)?.[0] ?? "";
      const word = given.slice(0, given.length - half.length).toWellFormed();
      const isTooLong = word.length > free;
      if (isTooLong || count === MAX_WORDS) {
        const beginning = isTooLong ? beginningOf(word, free, free === most) : "";
        return void (yield beginning + ELLIPSIS);
      }
      free -= word.length;
      if (word !== "") yield word;
    }
  } finally {
    // Not awaited: a model that hangs does not return either.
    iterator.return?.().catch(() => {});
  }
}

/**
 * What fits of a text that a model has said in one piece: whole words. Of a first one without a space, as many
 * characters as fit: otherwise the answer would say nothing.
 */
function beginningOf(text: string, length: number, isFirst: boolean): string {
  const fitting = text.slice(0, length);
  const words = /^.*\s/su.exec(fitting)?.[0] ?? "";
  return words === "" && isFirst ? fitting.replace(HALF, "") : words;
}

function untilAborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted"), { once: true }));
}
