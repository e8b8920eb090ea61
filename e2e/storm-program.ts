// A process that appends to a log at full speed, until it is told to stop. It says what was acknowledged.
import type { EventLog } from "@tidings/log";
import { postgresLog } from "@tidings/log-postgres";
import { redisLog } from "@tidings/log-redis";

const [url = "", log = "", name = ""] = process.argv.slice(2);
const open = (): Promise<EventLog> =>
  url.startsWith("redis:") ? redisLog(url, { name: log, onWarning() {} }) : postgresLog(url, { schema: log });
/** How many appends at once. */
const PUBLISHERS = 8;

const opened = await open();
let isStopped = false;
process.stdin.on("end", () => {
  isStopped = true;
});
process.stdin.resume();

async function publish(publisher: number): Promise<void> {
  for (let round = 0; !isStopped; round++) {
    const data = JSON.stringify(`${name} ${publisher} ${round}`);
    await opened.append([
      { channel: `rooms/${publisher}`, type: "said", mode: "reliable", data, idempotencyKey: data },
    ]);
    console.log(data);
  }
}

await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)));
await opened.close();
