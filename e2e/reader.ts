import { connect } from "node:net";
import { onTestFinished } from "vitest";

/** Follows the stream at a path, on a bare socket, and keeps nothing but the numbers that its texts begin with. */
export function follow(port: number, path: string) {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /events?channel=${path} HTTP/1.0\r\n\r\n`);
  const seen = { numbers: [] as number[], isOpen: false, hasGap: false };
  let moved = (): void => {};
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
    moved();
  });
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise<void>((resolve) => (moved = resolve));
  };
  return { socket, seen, until };
}
