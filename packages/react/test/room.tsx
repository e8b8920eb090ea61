import { chat, statusText, textsOf, upsert, useChannelState, type Message } from "./chat.ts";

const NOTHING: readonly Message[] = [];

/** Shows the status and the texts of a room. */
export function Room({ roomId }: { readonly roomId: string }) {
  const [messages, status] = useChannelState(chat.room({ roomId }), {
    initial: NOTHING,
    snapshot: (room) => room.messages,
    reduce: { message: upsert },
  });
  return `${roomId} ${statusText(status)}: ${textsOf(messages)}`;
}
