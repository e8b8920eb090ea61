import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

export { postgresLog } from "@tidings/log-postgres";
export declare const id: string;
export declare const keep: { readonly default: { readonly entries: number } };
export const app = defineContract({
  answer: channel("answers/:id", { word: z.object({ text: z.string() }) }),
  inbox: channel("users/:userId/inbox", { mention: z.object({ by: z.string() }) }),
  room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }),
});
