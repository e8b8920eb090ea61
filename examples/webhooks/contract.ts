import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

export const shop = defineContract({
  orders: channel("orders", { placed: z.object({ item: z.string().min(1).max(100) }) }),
});
