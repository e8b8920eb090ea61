import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

/** The statements of the guide, for a schema. */
async function grantsOf(schema: string): Promise<string> {
  const guide = await readFile(join(import.meta.dirname, "../../../docs/guides/postgres.md"), "utf8");
  const [, grants = ""] = /```sql\n(-- The role app [^`]*)```/.exec(guide) ?? [];
  expect(grants).toContain("chat_server");
  return grants.replaceAll("tidings", schema).replaceAll("chat_", `${schema}_`);
}

test("the statements of the guide give a server, and who only publishes, the rights that they need", async () => {
  const { log, open, schema } = await openTestLog(server);
  const owner = await connect();
  const roles = [`${schema}_server`, `${schema}_publisher`];
  for (const role of roles) await owner.query(`create role ${role} login`);
  onTestFinished(async () => {
    for (const role of roles) await owner.query(`drop owned by ${role}; drop role ${role}`);
  });
  await owner.query(await grantsOf(schema));

  const as = (role = ""): string => Object.assign(new URL(server.url), { username: role }).href;
  const limited = await open({ keep: { entries: 2 } }, as(roles[0]));
  await limited.setRules({ channels: [], default: { entries: 2, age: 60_000 } });
  for (const data of ["1", "2", "3"]) await limited.append([reliable("a", data)]);
  await limited.trim();
  await limited.append([reliable("over", "4"), reliable("over", "5", { type: "end" })]);
  // As on a server that got the rows and not the sequences.
  await owner.query(`alter sequence ${schema}.seq restart`);
  await owner.query(`set role ${roles[0]}; select ${schema}.begin_epoch(); reset role`);

  const publisher = await connect(as(roles[1]));
  const event = JSON.stringify({ channel: "a", type: "message", data: 6, idempotencyKey: "once" });
  await publisher.query(`select ${schema}.publish($1)`, [event]);
  await publisher.query(`select ${schema}.publish($1::json)`, [event]);
  await expect(publisher.query(`select * from ${schema}.entry`)).rejects.toThrow("permission denied");
  expect(await everything(log)).toEqual(["2", "3", "4", "5", "6"]);
});
