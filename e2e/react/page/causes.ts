// Follows a room in a page, or in a worker that is made of a blob, and keeps what the application learns.
import { createClient, type Status } from "@tidings/client";
import { chat } from "./contract.ts";

interface Facts {
  readonly errors: readonly string[];
  readonly status: Status;
  /** The message of the status's cause. */
  readonly cause: string | undefined;
}

/** @param onChange called with what is known by now */
function followRoom(url: string, onChange: (facts: Facts) => void): void {
  const errors: string[] = [];
  const client = createClient(chat, { url, onError: ({ message }) => errors.push(message) });
  function report(): void {
    const { value } = client.status;
    const { cause, ...status } = { cause: undefined, ...value };
    onChange({ errors, status, cause: cause?.message });
  }
  client.status.subscribe(() => setTimeout(report));
  client.subscribe(chat.room({ roomId: "lobby" }), { snapshot: report });
  report();
}

Object.assign(globalThis, {
  followRoom,
  follow: (url: string) => followRoom(url, (facts) => Object.assign(globalThis, { facts })),
  async followInWorker(url: string): Promise<void> {
    const source = await (await fetch("/causes.js")).text();
    const start = `followRoom(${JSON.stringify(url)}, (facts) => postMessage(facts));`;
    const blob = new Blob([source, start], { type: "text/javascript" });
    const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Facts>) => Object.assign(globalThis, { facts: data }));
  },
});
