// What may be said. The server and the page share it.
import { channel, defineContract, latest, volatile } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import { z } from "zod";

/** What a bidder sends. */
export const Offer = z.object({ id: z.uuid(), amount: z.int().min(1).max(1_000_000), bidder: z.string() });
export const Bid = Offer.extend({ at: isoDate });
export type Bid = z.infer<typeof Bid>;

export const auction = defineContract({
  lot: channel("lots/:lotId", {
    bid: Bid, // every bid, in order
    price: latest(z.object({ amount: z.int(), bidder: z.string() })), // only the newest counts
    typing: volatile(z.object({ bidder: z.string() })), // worthless after five seconds
  }),
  // Only its owner may read it.
  inbox: channel("bidders/:bidder/inbox", { outbid: Bid }),
});

export const teapot = auction.lot({ lotId: "teapot" });
