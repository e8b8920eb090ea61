import { chat, type Message } from "./contract.ts";
import { useChannelState, useLatest } from "./tidings.ts";

/** What the server has rendered, and the cursor from which the page goes on. */
export interface Rendered {
  readonly messages: readonly Message[];
  readonly cursor: string;
}

const none: readonly Message[] = [];

/** Adds a message, or replaces the one with its id: after a snapshot, some messages come once more. */
const upsert = (messages: readonly Message[], message: Message): readonly Message[] => [
  ...messages.filter(({ id }) => id !== message.id),
  message,
];

export function Room({ roomId, rendered }: { readonly roomId: string; readonly rendered?: Rendered | undefined }) {
  const [messages, status] = useChannelState(chat.room({ roomId }), {
    initial: rendered?.messages ?? none,
    after: rendered?.cursor,
    snapshot: (room) => room.messages,
    reduce: { message: upsert },
  });
  const topic = useLatest(chat.room({ roomId }), "topic", (topics) => topics.get("")?.text ?? "");
  if (status.state === "closed") {
    return <p role="alert">{`${roomId} cannot be shown: ${status.reason}.`}</p>;
  }
  return (
    <section aria-busy={status.state === "connecting"}>
      <h1>{roomId}</h1>
      <p>{topic}</p>
      <ul>
        {messages.map(({ id, author, text }) => (
          <li key={id}>{`${author}: ${text}`}</li>
        ))}
      </ul>
    </section>
  );
}
