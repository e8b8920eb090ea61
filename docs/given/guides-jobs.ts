import type { DatabaseSync } from "node:sqlite";
import type { Hub, ReaderItem } from "@tidings/server";
import type { shop } from "../../examples/digest.ts";

export { shop } from "../../examples/digest.ts";
type Item = ReaderItem<typeof shop, "orders" | "reviews">;

export declare const hub: Hub<typeof shop>;
export declare const digest: { readCursor(): string | null; add(text: string, cursor: string): void };
export declare const lineOf: (item: Item) => string;
export declare const database: DatabaseSync;
export declare const text: string;
export declare const item: Item;
