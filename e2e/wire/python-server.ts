import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Trial, WireServer } from "@tidings/testing/wire";

const script = fileURLToPath(new URL("python-server.py", import.meta.url));

async function open(): Promise<WireServer> {
  const child = spawn("python3", [script, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  // The one argument of "line".
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = line.replace("live at ", "");
  const command = async (what: string, body: unknown): Promise<unknown> => {
    const response = await fetch(new URL(what, url), { method: "POST", body: JSON.stringify(body) });
    return response.json();
  };
  return {
    url,
    async publish(path, type, data) {
      const { id } = (await command("/publish", { path, type, data })) as { readonly id: string };
      return id;
    },
    drain: () => command("/drain", {}),
    async close() {
      child.kill();
      await exit;
    },
  };
}

/** A server for a part of the protocol in another language, as somebody else could have written it. */
export const pythonServer: Trial = {
  open,
  facts: { http: 1 },
  lacks: {
    values: "reliable events only",
    typing: "reliable events only",
    clear: "reliable events only",
    end: "one kind of channel",
    inbox: "one kind of channel",
    snapshot: "no snapshots",
    viewers: "everybody is let in",
    secret: "everybody may read everything",
    revoke: "everybody may read everything",
    expire: "everybody is let in",
    ticket: "everybody is let in",
    limits: "no limits",
    origins: "no other origins",
    pass: "the clock is the system's",
    failOver: "one log, in memory",
    breakLog: "one log, in memory",
  },
};
