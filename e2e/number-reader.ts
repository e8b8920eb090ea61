import { onTestFinished } from "vitest";
import { Changes } from "./changes.ts";
import { openRawStream } from "./raw-stream.ts";

/**
 * Follows a path over a bare socket until the test has finished. Of each message it keeps only the number at the
 * beginning of its text, so that it costs next to no memory.
 */
export function readNumbers(port: number, path: string) {
  const socket = openRawStream(port, `/events?channel=${path}`);
  onTestFinished(() => void socket.destroy());
  const seen = { numbers: [] as number[], isOpen: false, hasGap: false };
  const changes = new Changes();
  let rest = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    rest += chunk;
    const end = rest.lastIndexOf("\n\n");
    if (end === -1) return;
    const blocks = rest.slice(0, end);
    rest = rest.slice(end);
    seen.isOpen ||= blocks.includes("event: hello");
    seen.hasGap ||= blocks.includes("event: gap");
    for (const [, number] of blocks.matchAll(/"text":"(\d+) /g)) seen.numbers.push(Number(number));
    changes.announce();
  });
  return { socket, seen, until: (isTrue: () => boolean) => changes.until(isTrue) };
}
