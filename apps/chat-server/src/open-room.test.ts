import { expect, test } from "vitest";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { MAX_ROOMS_OF_PERSON, openRoom } from "./open-room.ts";
import { MAX_ROOMS } from "./rooms.ts";
import { tablesIn } from "./tables.ts";

/** A transaction whose events nobody reads. */
const begin = () => ({ ...tablesIn(openSqliteDatabase(":memory:")), publish: async () => {}, end: async () => {} });

test("a person can open a number of rooms; one more is refused, and joining the others is not", async () => {
  const tx = begin();
  const open = (index: number, person = "ada") => openRoom(tx, `room ${index}`, person);
  for (let index = 1; index <= MAX_ROOMS_OF_PERSON; index++) expect(await open(index)).toMatchObject({ isNew: true });
  const message = `Expected a person to open at most ${MAX_ROOMS_OF_PERSON} rooms; ada has opened as many already.`;
  await expect(open(0)).rejects.toMatchObject({ status: 409, message });
  expect(await open(1)).toMatchObject({ isNew: false });
  expect(await open(0, "bo")).toMatchObject({ isNew: true });
});

test("the chat has a largest number of rooms, and the list of an older file with more ends there", async () => {
  const tx = begin();
  for (let index = (await tx.rooms.all()).length; index < MAX_ROOMS; index++) {
    await tx.rooms.add(`room ${index}`, `person ${index}`);
  }
  const message = `Expected a chat to have at most ${MAX_ROOMS} rooms; it has as many already. Join one of them.`;
  await expect(openRoom(tx, "one more", "ada")).rejects.toMatchObject({ status: 409, message });
  await tx.rooms.add("one of an older file", "ada");
  expect(await tx.rooms.all()).toHaveLength(MAX_ROOMS);
  expect((await tx.rooms.all())[0]).toEqual({ id: "lobby", name: "Lobby" });
  expect((await tx.rooms.listFor("ada", MAX_ROOMS - 5)).rooms).toHaveLength(5);
});
