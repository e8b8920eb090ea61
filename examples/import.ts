// A job that ends: a server imports a file in the background. Everybody who asks sees how far it is, and what came of
// it, also who asks when it is over.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createClient } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import type { EventLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

export const imports = defineContract({
  job: channel(
    "imports/:id",
    { skipped: z.object({ line: z.string() }), percent: latest(z.number()) },
    { end: z.object({ rows: z.number() }) },
  ),
});

/** The server. */
export function startImports(port: number, log: EventLog) {
  const hub = createHub(imports, { log, authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");

  /** The work: it publishes what happens, and at last what came of it. */
  async function run(id: string, lines: readonly string[]): Promise<void> {
    const job = imports.job({ id });
    let rows = 0;
    for (const [index, line] of lines.entries()) {
      if (line.includes(",")) rows++;
      else await hub.publish(job, "skipped", { line });
      await hub.publish(job, "percent", Math.round((100 * (index + 1)) / lines.length));
    }
    // With the key, it does not matter if the call has to be repeated.
    await hub.end(job, { rows }, { idempotencyKey: "end" });
  }

  return { hub, server, run };
}

/** The client. Tells what it hears, and resolves with the number of rows. */
export async function watchImport(url: string, id: string, tell: (text: string) => void): Promise<number> {
  const client = createClient(imports, { url });
  try {
    return await new Promise<number>((resolve, reject) => {
      client.subscribe(imports.job({ id }), {
        percent: (percent) => tell(`${percent} %`),
        skipped: ({ line }) => tell(`skipped: ${line}`),
        onEnd: ({ rows }) => resolve(rows),
        onGap: () => reject(new Error("Events are gone: ask the database what came of this import.")),
        onClose: (reason) => reject(new Error(`Nothing more comes: ${reason}.`)),
      });
    });
  } finally {
    client.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { run } = startImports(Number(port), sqliteLog("imports.db"));
  const url = `http://127.0.0.1:${port}/events`;
  const id = crypto.randomUUID();
  const rows = watchImport(url, id, console.log);
  await run(id, ["name,price", "tea,3", "a line without a comma", "coffee,4"]);
  console.log(`${await rows} rows. Ask again: curl -N '${url}?channel=imports/${id}@now'`);
}
