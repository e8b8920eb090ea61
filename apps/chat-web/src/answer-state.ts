import { ASSISTANT, type AnswerState, type Message } from "@tidings-apps/chat-contract";
import { elementIn } from "./element.ts";

/** Shows how far an answer of the assistant is. */
export function paintAnswer(item: HTMLElement, { author, answer }: Message): void {
  const isWriting = answer?.state === "writing";
  item.classList.toggle("by-assistant", author === ASSISTANT);
  item.classList.toggle("is-writing", isWriting);
  // A screen reader does not read each word out. When the answer has ended, the page says all of it at once.
  item.ariaBusy = answer === null ? null : String(isWriting);
  elementIn(item, ".text", HTMLElement).ariaLive = isWriting ? "off" : null;
  elementIn(item, ".role", HTMLElement).hidden = author !== ASSISTANT;
  elementIn(item, ".stop", HTMLButtonElement).hidden = !isWriting;
  const mark = elementIn(item, ".mark-of-answer", HTMLElement);
  mark.textContent = answer === null ? "" : describeAnswer(answer);
  mark.title =
    answer?.state === "interrupted" ? "Its server was stopped while it wrote this, or its model failed." : "";
}

/** Adds a sign to the place where the next word comes: at the end of the last line, which may be in a list. */
export function addCaret(text: HTMLElement): void {
  let end = text;
  while (end.lastChild instanceof HTMLElement && end.lastChild.matches("ul, ol, li, pre, code")) end = end.lastChild;
  const caret = document.createElement("span");
  caret.className = "caret";
  end.append(caret);
}

/** Returns what a screen reader reads out when an answer has ended. */
export function sayAnswer({ author, text, answer }: Message): string {
  const mark = answer === null ? "" : describeAnswer(answer);
  return [`${author}: ${text}`, mark].filter((part) => part !== "").join(" ");
}

/** Returns what a reader has to know of an answer; empty if it is complete. */
function describeAnswer(answer: AnswerState): string {
  switch (answer.state) {
    case "writing":
    case "done":
      return "";
    case "stopped":
      return `Stopped by ${answer.by}`;
    case "interrupted":
      return "Interrupted";
  }
}
