import type { Database } from "./database.ts";

/** Sentences about what the log cannot promise with the settings of this server. */
export async function checkServer(database: Database): Promise<string[]> {
  const [memory, persistence, snapshots] = await Promise.all([
    readInfo(database, "memory"),
    readInfo(database, "persistence"),
    readSnapshots(database),
  ]);
  return [warnOfEviction(memory["maxmemory_policy"]), warnOfLoss(persistence["aof_enabled"], snapshots)].filter(
    (warning) => warning !== null,
  );
}

/** The fields of a section; none if the server does not tell. */
async function readInfo(database: Database, section: string): Promise<Readonly<Record<string, string>>> {
  const answer = await database.send("info", [section]).catch(refused);
  const fields: Record<string, string> = {};
  for (const line of typeof answer === "string" ? answer.split("\r\n") : []) {
    const [name = "", value = ""] = line.split(":");
    fields[name] = value;
  }
  return fields;
}

/** When the server writes snapshots; empty for never, null if it does not tell. Many hosted servers do not. */
async function readSnapshots(database: Database): Promise<string | null> {
  const answer = await database.send("config", ["get", "save"]).catch(refused);
  return Array.isArray(answer) ? String(answer[1] ?? "") : null;
}

/** An answer that says no is an answer, too. @throws the other errors */
function refused(error: unknown): null {
  if (error instanceof Error && error.name === "ReplyError") return null;
  throw error;
}

function warnOfEviction(policy: string | undefined): string | null {
  // The keys of a log have no expiry, so the policies that begin with "volatile" leave them alone.
  if (policy === "noeviction" || policy?.startsWith("volatile") === true) return null;
  if (policy === undefined) {
    return "the server does not say its maxmemory-policy. Set it to noeviction: others delete parts of the log";
  }
  return (
    `the server deletes keys when its memory is full (maxmemory-policy ${policy}). Then the log begins anew, and ` +
    "every reader gets a gap. Set maxmemory-policy to noeviction"
  );
}

function warnOfLoss(aof: string | undefined, snapshots: string | null): string | null {
  if (aof === "1") return null;
  if (aof === undefined || snapshots === null) {
    return "the server does not say whether it keeps its data on a disk. Make sure that appendonly is on";
  }
  if (snapshots === "") {
    return "the server keeps nothing on a disk (no appendonly, no save): after its restart the log is empty";
  }
  return (
    `the server keeps only snapshots on a disk (save ${snapshots}): when it dies, what came after the last one is ` +
    "lost, and its readers get a gap. Set appendonly to yes"
  );
}
