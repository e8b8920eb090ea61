import { AbstractChat, type ChatInit, type ChatState, type ChatStatus, type UIMessage } from "ai";

/** The chat of the AI SDK, as its hooks use it, without a framework. It notes every text that a page would show. */
export class TestChat extends AbstractChat<UIMessage> {
  readonly shown: string[];

  constructor(init: ChatInit<UIMessage>) {
    const { messages = [], ...rest } = init;
    const shown: string[] = [];
    const note = () => {
      const text = textOf(state.messages.at(-1));
      if (text !== shown.at(-1) && text !== "") shown.push(text);
    };
    const state: ChatState<UIMessage> = {
      status: "ready" satisfies ChatStatus,
      error: undefined,
      messages,
      pushMessage: (message) => {
        state.messages = [...state.messages, message];
        note();
      },
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (index, message) => {
        state.messages = state.messages.with(index, structuredClone(message));
        note();
      },
      snapshot: (thing) => structuredClone(thing),
    };
    super({ ...rest, state });
    this.shown = shown;
  }

  /** The text of the last message, if it is an answer. */
  get answer(): string {
    return this.lastMessage?.role === "assistant" ? textOf(this.lastMessage) : "";
  }
}

function textOf(message: UIMessage | undefined): string {
  if (message?.role !== "assistant") return "";
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
