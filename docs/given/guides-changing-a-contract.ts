import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { z } from "zod";

/** The contract of the document, for the types below. */
export const feed = defineContract({
  stories: channel("stories", { story: z.object({ title: z.string() }) }, { unreadable: "skip" }),
});
export declare const client: Client<typeof feed>;
export declare const show: (text: string) => void;
export declare const reload: () => void;
