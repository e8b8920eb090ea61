import { statSync } from "node:fs";

/** What identifies the file at a path, null if there is none, and its bytes. One look costs some microseconds. */
export function lookAt(path: string): { readonly identity: string | null; readonly size: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined
    ? { identity: null, size: 0 }
    : { identity: `${stats.dev}:${stats.ino}`, size: stats.size };
}
