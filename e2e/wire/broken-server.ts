import type { Controls } from "@tidings/testing/wire";
import type { Patch } from "./patching-proxy.ts";

/** One way of breaking the protocol: on the wire, or in a control of the server. */
export interface Break extends Patch {
  readonly controls?: (good: Controls) => Partial<Controls>;
}

/** A server that breaks the protocol in one way, and the law that must fail on it. */
export interface BrokenServer extends Break {
  /** The beginning of the law's title. */
  readonly law: string;
  /** What it does wrong: completes the sentence "a server that …". */
  readonly breaks: string;
}

export const isOf = (name: string, block: string) => block.includes(`event: ${name}\n`);
export const withoutId = (block: string) => block.replace(/^id: .*\n/m, "");

/** The first channel of a request. */
export const first = (query: URLSearchParams) => query.get("channel") ?? "";

/** Leaves out the blocks that contain this text. */
export const swallows = (text: string): Pick<Patch, "block"> => ({
  block: (block) => (block.includes(text) ? "" : block),
});

/** Changes a page. */
export const page = (
  change: (page: Record<string, unknown> & { events: { readonly id?: string }[] }) => unknown,
): Pick<Patch, "body"> => ({
  body: (text, { status, headers }) => {
    if (status !== 200 || headers["content-type"] !== "application/json" || text === "") return text;
    const parsed = JSON.parse(text) as Parameters<typeof change>[0]; // the good server answers pages of this form
    change(parsed);
    return JSON.stringify(parsed);
  },
});

/** Changes headers of answers with this status; undefined removes one. */
export const head = (status: number, change: Readonly<Record<string, string | undefined>>): Pick<Patch, "head"> => ({
  head: (answer) => (answer.status === status ? { status, headers: { ...answer.headers, ...change } } : answer),
});
