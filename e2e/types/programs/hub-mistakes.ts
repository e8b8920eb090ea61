// What is missing or wrong in a hub: see contract-mistakes.ts.
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { z } from "zod";
import { app } from "./app.ts";

const shop = defineContract({
  room: channel("shops/:shopId/rooms/:roomId", { opened: z.string() }),
  inbox: channel("boxes/:userId", { mention: z.object({ roomId: z.string(), by: z.string() }) }),
});
const log = memoryLog();
const authorize = () => true;
const board = () => [];
const snapshot = { board, room: () => ({ messages: [], members: [] }) };
const hub = createHub(app, { log, authorize, snapshot });

// error: Property 'log' is missing in type '{ authorize: () => boolean; snapshot: {
createHub(app, { authorize, snapshot });
// error: Property 'authorize' is missing in type '{ log: EventLog; snapshot: {
createHub(app, { log, snapshot });
// error: Property 'snapshot' is missing in type '{ log: EventLog; authorize: () => boolean; }' but required in type 'SnapshotLoaders<
createHub(app, { log, authorize });
// error: Property 'room' is missing in type '{ board: () => never[]; }' but required in type …room: StateLoader<Params<"rooms/:roomId">, {
createHub(app, { log, authorize, snapshot: { board } });
// error: …'inbox' does not exist in type … StateLoader<
createHub(app, { log, authorize, snapshot: { ...snapshot, inbox: board } });
// error: Type 'number' is not assignable to type …string[]
createHub(app, { log, authorize, snapshot: { ...snapshot, board: () => 5 } });
// error: …'snapshot' does not exist in type 'CommonHubOptions<Address<
createHub(shop, { log, authorize, snapshot: {} });
// error: …'hearbeat' does not exist in type … Did you mean to write 'heartbeat'?
createHub(app, { log, authorize, snapshot, hearbeat: 5 });
// error: Type 'undefined' is not assignable to type …Decision
createHub(app, { log, snapshot, authorize: ({ name }) => void name });
createHub(app, {
  log,
  snapshot,
  // error: Type '({ viewer }: Question<…=> void' is not assignable to type …Decision
  authorize({ viewer }) {
    viewer.id.includes("ada");
  },
});

// error: Argument of type 'Address<"inbox", "boxes/:userId">' is not assignable to parameter of type 'Address<"inbox", "users/:userId/inbox">'.
void hub.publish(shop.inbox({ userId: "ada" }), "mention", { roomId: "lobby", by: "bob" });
// error: Argument of type '{ text: string; }' is not assignable to parameter of type '"this channel declares no end
void hub.end(app.room({ roomId: "lobby" }), { text: "bye" });
// error: Argument of type '"mesage"' is not assignable to parameter of type …"message"
void hub.publish(app.room({ roomId: "lobby" }), "mesage", { text: "hi" });
