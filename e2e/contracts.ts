// The contracts of tests that are not about contracts.
import { channel, defineContract, latest } from "@tidings/contract";
import { z } from "zod";

/** Numbers that are counted, and lines of jobs that end. */
export const feeds = defineContract({
  feed: channel("feeds/:name", { counted: z.number() }),
  job: channel("jobs/:id", { line: z.string() }, { end: z.string() }),
});

/** Orders whose rows are in the application's database, and what is left of each item. */
export const shop = defineContract({
  orders: channel("orders", { placed: z.object({ item: z.string() }) }),
  job: channel("jobs/:id", { step: z.object({ name: z.string() }) }, { end: z.object({ outcome: z.string() }) }),
  stock: channel("stock", {
    count: latest(z.object({ item: z.string(), left: z.number() }), { key: ({ item }) => item }),
  }),
});
