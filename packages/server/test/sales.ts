import { channel, defineContract, latest } from "@tidings/contract";
import { z } from "zod";

/** Channels that end, and that may have very many values. */
export const shop = defineContract({
  sale: channel(
    "sales/:id",
    { price: latest(z.object({ item: z.string() }), { key: ({ item }) => item }) },
    { end: z.object({ sold: z.number() }) },
  ),
});
