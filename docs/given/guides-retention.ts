import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

export { postgresLog } from "@tidings/log-postgres";
export const app = defineContract({
  answer: channel("answers/:id", { word: z.object({ text: z.string() }) }),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
});
