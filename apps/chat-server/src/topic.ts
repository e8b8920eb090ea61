import { chat } from "@tidings-apps/chat-contract";
import { refuseUnseen } from "./refuse-unseen.ts";
import type { Transaction } from "./storage.ts";

/** A topic that somebody wants to give a room. */
export interface NewTopicOfRoom {
  readonly roomId: string;
  readonly text: string;
  readonly by: string;
  /** The topic that the person has seen. */
  readonly expects?: string | undefined;
}

/** Sets the topic of a room, and publishes it. @throws Problem 409 if the room has another topic than the expected */
export async function setTopic(tx: Transaction, { roomId, text, by, expects }: NewTopicOfRoom): Promise<void> {
  const current = await tx.rooms.topicOf(roomId);
  if (current !== text) refuseUnseen("topic", current, expects);
  await tx.rooms.setTopic(roomId, { text, by });
  await tx.people.noteWriter(by);
  await tx.publish(chat.room({ roomId }), "topic", { text, by });
}
