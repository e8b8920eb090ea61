import { Chat, useChat } from "@ai-sdk/react";
import { tidingsTransport } from "@tidings/ai/ai-sdk";
import { createClient } from "@tidings/client";
import { createHooks } from "@tidings/react";
import type { UIMessage } from "ai";
import { StrictMode, useState, type FormEvent } from "react";
import { createRoot } from "react-dom/client";
import { ai } from "./contract.ts";

/** From the address of the page, so that each chat has one: `#tea`. */
const chatId = location.hash.slice(1) || "tea";
const client = createClient(ai, { url: "/events" });
const { TidingsProvider, useChannel, useStatus } = createHooks(ai);

const transport = tidingsTransport(client, { chat: ai.chat, run: ai.run });
const load = async () => (await (await fetch(`/api/chats/${chatId}`)).json()) as UIMessage[];
const stop = () => void fetch(`/api/chats/${chatId}/stop`, { method: "POST" });

function Room({ saved }: { saved: UIMessage[] }) {
  const [isInterrupted, setInterrupted] = useState(false);
  const [chat] = useState(() => {
    return new Chat({
      id: chatId,
      messages: saved,
      transport,
      onFinish: ({ finishReason }) => setInterrupted(finishReason === "interrupted"),
    });
  });
  const { messages, status, error, sendMessage } = useChat({ chat });
  const isBusy = status === "submitted" || status === "streaming";

  /** Reads the answer of another tab or device, and after a reload one's own. */
  async function follow() {
    if (chat.status === "submitted" || chat.status === "streaming") return;
    chat.messages = await load();
    await chat.resumeStream();
  }
  useChannel(ai.chat({ chatId }), { activeRun: follow, onGap: follow });

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const question = new FormData(event.currentTarget).get("question") as string; // a text field
    event.currentTarget.reset();
    setInterrupted(false);
    void sendMessage({ text: question });
  }
  return (
    <>
      <Banner />
      <ol aria-label="Messages">
        {messages.map(({ id, role, parts }) => (
          <li key={id} className={role}>
            {parts.map((part) => (part.type === "text" ? part.text : ""))}
          </li>
        ))}
      </ol>
      <p role="alert">{error?.message ?? (isInterrupted ? "The answer was interrupted. Ask again." : "")}</p>
      <form onSubmit={send}>
        <input name="question" placeholder="Your question" required autoFocus />
        {isBusy ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button>Ask</button>
        )}
      </form>
    </>
  );
}

function Banner() {
  const { state } = useStatus();
  return state === "retrying" ? <p role="status">Connection lost. Reconnecting…</p> : null;
}

const saved = await load();
createRoot(document.body.appendChild(document.createElement("main"))).render(
  <StrictMode>
    <TidingsProvider client={client}>
      <Room saved={saved} />
    </TidingsProvider>
  </StrictMode>,
);
