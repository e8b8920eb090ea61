import { ASSISTANT, chat, type Room } from "@tidings-apps/chat-contract";
import type { Request, Router } from "express";
import type { Assistant } from "./assistant.ts";
import type { Authentication } from "./authentication.ts";
import { NEW_MESSAGE, NEW_TEXT, parseBody, parseEmoji, readBody } from "./bodies.ts";
import { findMentioned } from "./find-mentioned.ts";
import { edit, findMessage, react, remove, type MessageChoice } from "./message-changes.ts";
import { post } from "./post.ts";
import { Problem } from "./problem.ts";
import type { ChatStorage } from "./storage.ts";

/** What the routes of the messages need. */
export interface MessageRoutesOptions {
  readonly personOf: Authentication["personOf"];
  /** @throws Problem 404 if there is no such room */
  readonly findRoom: (roomId: string) => Promise<Room>;
  readonly storage: ChatStorage;
  readonly assistant: Pick<Assistant, "look" | "stop">;
}

/**
 * Adds the routes of `/api/rooms/:roomId/messages` to the router of the rooms, which checks the person and the room.
 */
export function addMessageRoutes(router: Router, options: MessageRoutesOptions): void {
  const { personOf, findRoom, storage, assistant } = options;
  const { people } = storage.tables;
  const choiceOf = async (request: Request<{ roomId: string; messageId: string }>): Promise<MessageChoice> => ({
    room: await findRoom(request.params.roomId),
    messageId: request.params.messageId,
    person: personOf(request).id,
  });

  /** @throws Problem 403 */
  const requireMember = async ({ room, person }: MessageChoice): Promise<void> => {
    const { joined } = await storage.tables.memberships.find(person, room.id);
    if (!joined) throw new Problem(403, `Only members of ${room.name} can stop an answer in it; join it first.`);
  };

  router.post("/:roomId/messages", readBody, async (request, response) => {
    const room = await findRoom(request.params.roomId);
    const draft = { ...parseBody(NEW_MESSAGE, request.body), author: personOf(request).id };
    const message = await storage.prepareAndWrite(
      (pause) => findMentioned(draft.text, people, pause),
      (tx, mentions) => post(tx, room, { ...draft, mentions }),
    );
    if (message.mentions.includes(ASSISTANT)) assistant.look();
    response.status(201).json({ message, eventId: await storage.newestEvent(chat.room({ roomId: room.id })) });
  });
  router.patch("/:roomId/messages/:messageId", readBody, async (request, response) => {
    const { text, expects } = parseBody(NEW_TEXT, request.body);
    const choice = await choiceOf(request);
    const message = await storage.prepareAndWrite(
      (pause) => findMentioned(text, people, pause),
      (tx, mentions) => edit(tx, choice, { text, mentions, expects }),
    );
    response.json({ message });
  });
  router.delete("/:roomId/messages/:messageId", async (request, response) => {
    const choice = await choiceOf(request);
    await storage.write((tx) => remove(tx, choice));
    response.status(204).end();
  });
  router.post("/:roomId/messages/:messageId/stop", async (request, response) => {
    const choice = await choiceOf(request);
    await requireMember(choice);
    // An answer that has ended meanwhile needs no stop.
    const { id, answer } = await findMessage(storage.tables, choice);
    if (answer?.state === "writing") await assistant.stop(id, choice.person);
    response.status(202).end();
  });
  router.put("/:roomId/messages/:messageId/reactions/:emoji", async (request, response) => {
    const emoji = parseEmoji(request.params.emoji);
    const choice = await choiceOf(request);
    response.json({ message: await storage.write((tx) => react(tx, choice, emoji, true)) });
  });
  router.delete("/:roomId/messages/:messageId/reactions/:emoji", async (request, response) => {
    const emoji = parseEmoji(request.params.emoji);
    const choice = await choiceOf(request);
    response.json({ message: await storage.write((tx) => react(tx, choice, emoji, false)) });
  });
}
