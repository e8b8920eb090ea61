import { createHash } from "node:crypto";

/** A script of the server. It runs as a whole: nobody sees a state in between. */
export interface Script {
  readonly text: string;
  /** By which a server knows a script that it has run before. */
  readonly hash: string;
}

export function defineScript(text: string): Script {
  return { text, hash: createHash("sha1").update(text).digest("hex") };
}

/** A script that also runs when the memory of the server is full: it makes room, or is needed for that. */
export function defineFreeingScript(text: string): Script {
  return defineScript(`#!lua flags=allow-oom\n${text}`);
}
