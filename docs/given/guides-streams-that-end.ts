import type { Client } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import type { Hub } from "@tidings/server";
import { z } from "zod";

/** The contract of the document, for the types below. */
export const imports = defineContract({
  job: channel(
    "imports/:id",
    { skipped: z.object({ line: z.string() }), percent: latest(z.number()) },
    { end: z.object({ rows: z.number() }) },
  ),
});
export declare const hub: Hub<typeof imports>;
export declare const client: Client<typeof imports>;
export declare const id: string;
export declare const show: (event: { readonly type: string }) => void;
export declare const showRows: (rows: number) => void;
