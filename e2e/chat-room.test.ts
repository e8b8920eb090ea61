import { chat, UNCHANGED, type Message } from "@tidings-apps/chat-contract";
import { memoryLog } from "@tidings/log";
import { createTestKit, type TestKitOptions } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { FollowedRoom } from "../apps/chat-web/src/followed-room.ts";

const lobby = chat.room({ roomId: "lobby" });
const ada = { id: "ada" };
/** How many messages a snapshot has. */
const STATE = 50;

/** A real hub, and a room of the chat's page that ada follows. The test controls time and network. */
async function open(options: Omit<TestKitOptions<typeof chat, typeof ada>, "snapshot" | "viewer"> = {}) {
  const rows: Message[] = [];
  const snapshot = { room: () => ({ messages: rows.slice(-STATE) }) };
  const kit = await createTestKit(chat, { viewer: ada, snapshot, ...options });
  onTestFinished(() => kit[Symbol.asyncDispose]());
  const follow = async (): Promise<FollowedRoom> => {
    const nothing = () => {};
    const listener = { onSnapshot: nothing, onMessage: nothing, onChange: nothing, onClose: nothing };
    const room = new FollowedRoom(kit.client, { roomId: "lobby", person: ada.id, ...listener });
    await kit.clock.advance(0);
    return room;
  };
  /** Stores a row, then publishes its event, as the chat server does. */
  const say = async (text: string): Promise<void> => {
    const number = rows.length + 1;
    const sentAt = new Date(number);
    const message = { id: `${number}`, number, author: "bo", text, mentions: [], sentAt, ...UNCHANGED };
    rows.push(message);
    await kit.hub.publish(lobby, "message", message);
  };
  return { kit, follow, say };
}

const textsOf = ({ timeline }: FollowedRoom): string[] => timeline.messages.map(({ text }) => text);

test("a room has every message once and in order, over a restart, a dead connection and repeated bytes", async () => {
  const { kit, follow, say } = await open();
  const room = await follow();
  await kit.restartServer();
  await say("while the server was another one");
  kit.network.swallow();
  await say("into a dead connection");
  await kit.expectNothingLost();
  kit.network.duplicate();
  await say("twice");
  await kit.expectNothingLost();
  expect(textsOf(room)).toEqual(["while the server was another one", "into a dead connection", "twice"]);
  expect(room.gap).toBe(null);
});

test("a room reports a gap, and is complete again after the next snapshot", async () => {
  const { kit, follow, say } = await open({ log: memoryLog({ keep: { entries: 2 } }) });
  const room = await follow();
  // The connection is dead for more than half a minute; meanwhile the log drops the oldest messages.
  kit.network.swallow();
  for (const text of ["one", "two", "three", "four"]) await say(text);
  await kit.clock.advance(10_000);
  await kit.restartServer();
  expect(textsOf(room)).toEqual([]);
  await kit.expectNothingLost();
  await kit.clock.advance(1_000);
  expect(room.gap).toEqual({ reason: "trimmed", isHealed: true });
  expect(textsOf(room)).toEqual(["one", "two", "three", "four"]);
});

test("a room loads history beyond its snapshot, back to its beginning", async () => {
  const { kit, follow, say } = await open();
  for (let number = 1; number <= 3 * STATE; number++) await say(`${number}`);
  // Events of the last two seconds come again after the state, also those of messages before it.
  await kit.clock.advance(3_000);
  const room = await follow();
  expect(room.timeline.oldest).toBe(2 * STATE + 1);
  for (let page = 0; page < 2; page++) await Promise.all([room.older.load(), kit.clock.advance(0)]);
  expect(textsOf(room)).toEqual(Array.from({ length: 3 * STATE }, (_, index) => `${index + 1}`));
  expect(room.older.state).toBe("beginning");
});

test("a person is shown as typing until their message arrives", async () => {
  const { kit, follow, say } = await open();
  const room = await follow();
  for (const author of ["bo", ada.id]) await kit.hub.publish(lobby, "typing", { author });
  await kit.clock.advance(0);
  expect(room.typing.at(Date.now())).toEqual(["bo"]);
  await say("there");
  await kit.clock.advance(0);
  expect(room.typing.at(Date.now())).toEqual([]);
});

test("a room closes for a person who may no longer read it", async () => {
  let mayRead = true;
  const { kit, follow, say } = await open({ authorize: () => mayRead });
  const room = await follow();
  mayRead = false;
  await kit.hub.recheck({ viewer: ada.id });
  await say("not for ada");
  await kit.clock.advance(1_000);
  expect(room.phase).toBe("closed");
  expect(textsOf(room)).toEqual([]);
});
