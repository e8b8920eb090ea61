import { chat, type Room } from "@tidings-apps/chat-contract";
import { Router } from "express";
import type { Assistant } from "./assistant.ts";
import type { Authentication } from "./authentication.ts";
import { NEW_ROOM, NEW_TOPIC, parseBody, parseFrom, readBody, READ_MARK } from "./bodies.ts";
import { join, leave, readUpTo } from "./membership-changes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import { openRoom } from "./open-room.ts";
import { Problem } from "./problem.ts";
import type { ChatStorage } from "./storage.ts";
import { setTopic } from "./topic.ts";

/** What the routes of the rooms need. */
export interface RoomRoutesOptions {
  readonly authentication: Authentication;
  readonly storage: ChatStorage;
  readonly assistant: Pick<Assistant, "look" | "stop">;
}

/** The routes of `/api/rooms`. Each first checks the person, then the room, and only then reads a body. */
export function roomRoutes({ authentication, storage, assistant }: RoomRoutesOptions): Router {
  const { hub, tables } = storage;
  const { personOf } = authentication;
  const router = Router();
  router.use(authentication.requirePerson);
  /** @throws Problem 404 if there is no such room */
  const findRoom = async (roomId: string): Promise<Room> => {
    const room = await tables.rooms.find(roomId);
    if (room === null) throw new Problem(404, `There is no room ${JSON.stringify(roomId)}.`);
    return room;
  };
  // Express calls it for every route with a room in its path, before the body is read.
  router.param("roomId", async (_request, _response, next, roomId: string) => {
    await findRoom(roomId);
    next();
  });

  router.get("/", async (request, response) => {
    const page = await tables.rooms.listFor(personOf(request).id, parseFrom(request.query["from"]));
    response.set("Cache-Control", "no-store").json(page);
  });
  router.post("/", readBody, async (request, response) => {
    const { name } = parseBody(NEW_ROOM, request.body);
    const { room, isNew } = await storage.write((tx) => openRoom(tx, name, personOf(request).id));
    response.status(isNew ? 201 : 200).json({ room });
  });
  router.put("/:roomId/membership", async (request, response) => {
    await storage.write((tx) => join(tx, personOf(request).id, request.params.roomId));
    response.status(204).end();
  });
  router.delete("/:roomId/membership", async (request, response) => {
    await storage.write((tx) => leave(tx, personOf(request).id, request.params.roomId));
    response.status(204).end();
  });
  router.put("/:roomId/read", readBody, async (request, response) => {
    const { number } = parseBody(READ_MARK, request.body);
    await storage.write((tx) => readUpTo(tx, personOf(request).id, request.params.roomId, number));
    response.status(204).end();
  });
  addMessageRoutes(router, { personOf, findRoom, storage, assistant });
  router.post("/:roomId/typing", async (request, response) => {
    await hub.publish(chat.room(request.params), "typing", { author: personOf(request).id });
    response.status(202).end();
  });
  router.put("/:roomId/topic", readBody, async (request, response) => {
    const { roomId } = request.params;
    const { text, expects } = parseBody(NEW_TOPIC, request.body);
    const topic = { text, by: personOf(request).id };
    await storage.write((tx) => setTopic(tx, { roomId, ...topic, expects }));
    response.json({ topic });
  });
  return router;
}
