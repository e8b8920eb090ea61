import { chat, type Room } from "@tidings-apps/chat-contract";
import type { Request, Router } from "express";
import type { Authentication } from "./authentication.ts";
import { NEW_MESSAGE, NEW_TEXT, parseBody, parseEmoji, readBody } from "./bodies.ts";
import { findMentioned } from "./find-mentioned.ts";
import { edit, react, remove, type MessageChoice } from "./message-changes.ts";
import { post } from "./post.ts";
import type { ChatStorage } from "./storage.ts";

/** What the routes of the messages need. */
export interface MessageRoutesOptions {
  readonly personOf: Authentication["personOf"];
  /** @throws Problem 404 if there is no such room */
  readonly findRoom: (roomId: string) => Room;
  readonly storage: ChatStorage;
}

/**
 * Adds the routes of `/api/rooms/:roomId/messages` to the router of the rooms, which checks the person and the room.
 */
export function addMessageRoutes(router: Router, options: MessageRoutesOptions): void {
  const { personOf, findRoom, storage } = options;
  const { people } = storage.tables;
  const choiceOf = ({ params, headers }: Request<{ roomId: string; messageId: string }>): MessageChoice => ({
    room: findRoom(params.roomId),
    messageId: params.messageId,
    person: personOf({ headers }).id,
  });

  router.post("/:roomId/messages", readBody, async (request, response) => {
    const { roomId } = request.params;
    const draft = { ...parseBody(NEW_MESSAGE, request.body), author: personOf(request).id };
    const message = await storage.prepareAndWrite(
      (pause) => findMentioned(draft.text, people, pause),
      (tx, mentions) => post(tx, findRoom(roomId), { ...draft, mentions }),
    );
    response.status(201).json({ message, eventId: await storage.newestEvent(chat.room({ roomId })) });
  });
  router.patch("/:roomId/messages/:messageId", readBody, async (request, response) => {
    const { text } = parseBody(NEW_TEXT, request.body);
    const message = await storage.prepareAndWrite(
      (pause) => findMentioned(text, people, pause),
      (tx, mentions) => edit(tx, choiceOf(request), { text, mentions }),
    );
    response.json({ message });
  });
  router.delete("/:roomId/messages/:messageId", async (request, response) => {
    await storage.write((tx) => remove(tx, choiceOf(request)));
    response.status(204).end();
  });
  router.put("/:roomId/messages/:messageId/reactions/:emoji", async (request, response) => {
    const emoji = parseEmoji(request.params.emoji);
    response.json({ message: await storage.write((tx) => react(tx, choiceOf(request), emoji, true)) });
  });
  router.delete("/:roomId/messages/:messageId/reactions/:emoji", async (request, response) => {
    const emoji = parseEmoji(request.params.emoji);
    response.json({ message: await storage.write((tx) => react(tx, choiceOf(request), emoji, false)) });
  });
}
