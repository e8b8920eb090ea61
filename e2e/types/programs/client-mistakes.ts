// What is missing or wrong in a client and in hooks: see contract-mistakes.ts.
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { createHooks } from "@tidings/react";
import { z } from "zod";
import { app } from "./app.ts";

const shop = defineContract({
  inbox: channel("boxes/:userId", { mention: z.object({ roomId: z.string(), by: z.string() }) }),
});
const client = createClient(app, { url: "/events" });
const { useChannel, useChannelState } = createHooks(app);
const board = app.board({ boardId: "plans" });
const inbox = app.inbox({ userId: "ada" });
const other = shop.inbox({ userId: "ada" });

// error: Property 'url' is missing in type '{}' but required in type 'ClientOptions'.
createClient(app, {});
// error: Property 'onGap' is missing in type '{ mention: () => void; }' but required in type 'HandlersWithoutSnapshot<{
client.subscribe(inbox, { mention: () => {} });
// error: Property 'snapshot' is missing in type '{ moved: () => void; }' but required in type 'HandlersWithSnapshot<{
client.subscribe(board, { moved: () => {} });
// error: …'snapshot' does not exist in type 'HandlersWithoutSnapshot<{
client.subscribe(inbox, { onGap: () => {}, snapshot: () => {} });
// error: …'mentoin' does not exist in type 'HandlersWithoutSnapshot<… Did you mean to write 'mention'?
client.subscribe(inbox, { onGap: () => {}, mentoin: () => {} });
// error: Argument of type 'Address<"inbox", "boxes/:userId">' is not assignable to parameter of type 'Address<"inbox", "users/:userId/inbox">'.
client.subscribe(other, { onGap: () => {} });
// error: Argument of type 'Address<"inbox", "boxes/:userId">' is not assignable to parameter of type 'Address<"inbox", "users/:userId/inbox">'.
client.events(other);
// error: Argument of type 'Address<"inbox", "boxes/:userId">' is not assignable to parameter of type 'Address<"inbox", "users/:userId/inbox">'.
void client.history(other);

// error: Property 'onGap' is missing in type '{ mention: () => void; }' but required in type 'HandlersWithoutSnapshot<{
useChannel(inbox, { mention: () => {} });
// error: Property 'snapshot' is missing in type '{ initial: number; reduce: {}; }' but required in type 'ReductionWithSnapshot<{
useChannelState(board, { initial: 0, reduce: {} });
// error: Property 'gap' is missing in type '{ initial: number; reduce: {}; }' but required in type 'ReductionWithoutSnapshot<{
useChannelState(inbox, { initial: 0, reduce: {} });
