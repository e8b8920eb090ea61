import { chat, type Room } from "@tidings-apps/chat-contract";
import { join } from "./membership-changes.ts";
import { Problem } from "./problem.ts";
import { MAX_ROOMS } from "./rooms.ts";
import type { Transaction } from "./storage.ts";

/** The most rooms that one person can open, so that nobody alone uses up `MAX_ROOMS`. */
export const MAX_ROOMS_OF_PERSON = 50;

/**
 * Opens a room, or finds the room that has this name already. The person joins it in both cases.
 * @throws Problem 409 if the person has opened too many rooms, or if there are too many
 */
export async function openRoom(
  tx: Transaction,
  name: string,
  person: string,
): Promise<{ readonly room: Room; readonly isNew: boolean }> {
  const existing = await tx.rooms.findByName(name);
  const room = existing ?? (await addRoom(tx, name, person));
  await join(tx, person, room.id);
  return { room, isNew: existing === null };
}

async function addRoom(tx: Transaction, name: string, person: string): Promise<Room> {
  const { all, ofPerson } = await tx.rooms.count(person);
  if (ofPerson >= MAX_ROOMS_OF_PERSON) {
    const rule = `Expected a person to open at most ${MAX_ROOMS_OF_PERSON} rooms`;
    throw new Problem(409, `${rule}; ${person} has opened as many already.`);
  }
  if (all >= MAX_ROOMS) {
    throw new Problem(
      409,
      `Expected a chat to have at most ${MAX_ROOMS} rooms; it has as many already. Join one of them.`,
    );
  }
  const room = await tx.rooms.add(name, person);
  await tx.publish(chat.directory(), "opened", room);
  return room;
}
