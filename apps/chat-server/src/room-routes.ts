import { chat, type Room } from "@tidings-apps/chat-contract";
import { Router, type RequestHandler } from "express";
import { NEW_MESSAGE, NEW_ROOM, NEW_TOPIC, parseBody, readBody, READ_MARK } from "./bodies.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import { join, leave, readUpTo } from "./membership.ts";
import { post } from "./post.ts";
import { Problem } from "./problem.ts";
import type { Visitors } from "./visitors.ts";

/** `/api/rooms`: what people do. First who, then where: only then is a body read. */
export function roomRoutes(visitors: Visitors, ledger: Ledger): Router {
  const { hub, rows } = ledger;
  const router = Router();
  router.use(visitors.guard);
  /** @throws Problem 404 */
  const roomOf = (roomId: string): Room => {
    const room = rows.rooms.find(roomId);
    if (room === null) throw new Problem(404, `There is no room ${JSON.stringify(roomId)}.`);
    return room;
  };
  const enter: RequestHandler<{ roomId: string }> = ({ params }, _response, next) => {
    roomOf(params.roomId);
    next();
  };

  router.get("/", (request, response) => {
    response.set("Cache-Control", "no-store").json({ rooms: rows.rooms.listFor(visitors.personOf(request).id) });
  });
  router.post("/", readBody, async (request, response) => {
    const { name } = parseBody(NEW_ROOM, request.body);
    const { room, isNew } = await ledger.write((tx) => open(tx, name, visitors.personOf(request).id));
    response.status(isNew ? 201 : 200).json({ room });
  });
  router.put("/:roomId/membership", enter, async (request, response) => {
    await ledger.write((tx) => join(tx, visitors.personOf(request).id, request.params.roomId));
    response.status(204).end();
  });
  router.delete("/:roomId/membership", enter, async (request, response) => {
    await ledger.write((tx) => leave(tx, visitors.personOf(request).id, request.params.roomId));
    response.status(204).end();
  });
  router.put("/:roomId/read", enter, readBody, async (request, response) => {
    const { number } = parseBody(READ_MARK, request.body);
    await ledger.write((tx) => readUpTo(tx, visitors.personOf(request).id, request.params.roomId, number));
    response.status(204).end();
  });
  router.post("/:roomId/messages", enter, readBody, async (request, response) => {
    const draft = { ...parseBody(NEW_MESSAGE, request.body), author: visitors.personOf(request).id };
    const message = await ledger.write((tx) => post(tx, roomOf(request.params.roomId), draft));
    response.status(201).json({ message });
  });
  router.post("/:roomId/typing", enter, async (request, response) => {
    await hub.publish(chat.room(request.params), "typing", { author: visitors.personOf(request).id });
    response.status(202).end();
  });
  router.put("/:roomId/topic", enter, readBody, async (request, response) => {
    const { roomId } = request.params;
    const topic = { ...parseBody(NEW_TOPIC, request.body), by: visitors.personOf(request).id };
    await ledger.write(async (tx) => {
      tx.rooms.setTopic(roomId, topic);
      await tx.publish(chat.room({ roomId }), "topic", topic);
    });
    response.json({ topic });
  });
  return router;
}

/** Opens a room, or finds the one of that name; its opener is in it. */
async function open(
  tx: Transaction,
  name: string,
  person: string,
): Promise<{ readonly room: Room; readonly isNew: boolean }> {
  const known = tx.rooms.findNamed(name);
  const room = known ?? tx.rooms.add(name);
  if (known === null) await tx.publish(chat.directory(), "opened", room);
  await join(tx, person, room.id);
  return { room, isNew: known === null };
}
