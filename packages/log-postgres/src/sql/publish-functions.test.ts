import { describe, expect, test } from "vitest";
import { isCanonicalPath } from "../../../contract/src/path.ts";
import { everything } from "../../../log/test/entries.ts";
import { openTestLog } from "../../test/test-log.ts";
import { connect, server } from "../../test/test-server.ts";

/** An event that is as it should be. */
const message = { channel: "rooms/lobby", type: "message", data: 1 };

describe("publish in SQL", () => {
  test("SQL alone can publish: one entry or a list, in a transaction or without one, and from a trigger", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    await client.query(`select ${schema}.publish('{"channel": "a", "type": "message", "data": {"text": "hi"}}')`);
    await client.query(`begin; select ${schema}.publish('[
      {"channel": "a", "type": "state", "mode": "latest", "key": "x", "data": [1, 2]},
      {"channel": "a", "type": "state", "mode": "latest", "key": "y"}
    ]'); commit`);
    await client.query(`create table ${schema}.message (room text, body json);
      create function ${schema}.publish_message() returns trigger language plpgsql as $$ begin
        perform ${schema}.publish(json_build_object('channel', new.room, 'type', 'message', 'data', new.body)::text);
        return null;
      end $$;
      create trigger publish after insert on ${schema}.message
        for each row execute function ${schema}.publish_message()`);
    await client.query(`insert into ${schema}.message values ('a', '"one"'), ('a', '"two"')`);
    const page = await log.read({ ...(await log.head()), seq: 0 }, ["a"], { entries: 10, bytes: 1_000 });
    expect(page.entries).toMatchObject([
      { type: "message", mode: "reliable", data: '{"text": "hi"}' },
      { mode: "latest", key: "x", data: "[1, 2]" },
      { mode: "latest", key: "y", data: null },
      { data: '"one"' },
      { data: '"two"' },
    ]);
  });

  test.for(["rooms/%2E", "%2E%2E/a", "rooms/...", "rooms/.a", "a.b/~_-", "rooms/%C3%A4%20%21"])(
    "takes the path %s",
    async (channel) => {
      expect(isCanonicalPath(channel)).toBe(true);
      const { log, schema } = await openTestLog(server);
      const client = await connect();
      await client.query(`select ${schema}.publish($1)`, [JSON.stringify({ ...message, channel })]);
      expect(await everything(log)).toEqual(["1"]);
    },
  );

  test("takes json and jsonb, too, and an untyped value as a text", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    const event = "json_build_object('channel', 'a', 'type', 'message', 'idempotencyKey', 5, 'data'";
    await client.query(`select ${schema}.publish(${event}, 1))`);
    await client.query(`select ${schema}.publish(${event}, 2)::jsonb)`); // The same key: it appends nothing.
    await client.query(`select ${schema}.publish($1)`, [{ ...message, data: 3 }]);
    await client.query(`select ${schema}.publish($1::jsonb)`, [JSON.stringify([{ ...message, data: 4 }])]);
    expect(await everything(log)).toEqual(["1", "3", "4"]);
  });

  test.for([
    [5, "expected event 2 to be an object, got 5"],
    [
      { ...message, idempotency_key: "a" },
      /expected one of channel, .*, idempotencyKey, expects in event 2, got "idem/,
    ],
    [{ type: "message", data: 1 }, /expected "channel" of event 2 to be a path such as "rooms\/lobby".*, got nothing/],
    [{ ...message, channel: "/rooms/lobby" }, 'got "/rooms/lobby"'],
    [{ ...message, channel: "rooms/a b" }, 'expected "channel" of event 2'],
    [{ ...message, channel: "rooms/a\nb" }, 'expected "channel" of event 2'],
    [{ ...message, channel: "rooms/%41" }, 'expected "channel" of event 2'],
    [{ ...message, channel: "rooms/a%2E" }, 'expected "channel" of event 2'],
    [{ ...message, channel: "rooms/.." }, 'expected "channel" of event 2'],
    [{ ...message, channel: "./rooms" }, 'expected "channel" of event 2'],
    [{ ...message, channel: 5 }, 'expected "channel" of event 2'],
    [{ ...message, channel: "a".repeat(257) }, 'expected "channel" of event 2'],
    [{ ...message, type: "a\nb" }, 'expected "type" of event 2'],
    [{ ...message, type: null }, 'expected "type" of event 2'],
    [{ ...message, mode: "lates" }, 'expected "mode" of event 2 to be "reliable", "latest" or "volatile", got "lates"'],
    [{ ...message, data: null }, 'expected "data" of event 2 to be a JSON value; for null, pass "encoded": "null"'],
    [{ ...message, key: "a" }, 'expected "key" of event 2 to be that of a latest event, got "a"'],
    [{ ...message, expires: 1_000 }, 'expected "expires" of event 2'],
    [{ ...message, mode: "latest", expires: -1 }, 'expected "expires" of event 2'],
    [{ ...message, expects: "" }, 'expected "expects" of event 2'],
  ] as const)("refuses %j, and says what it expected", async ([event, expected]) => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    const publishing = client.query(`select ${schema}.publish($1)`, [JSON.stringify([message, event])]);
    await expect(publishing).rejects.toThrow(expected);
    await expect(publishing).rejects.toMatchObject({ code: "22023" });
    expect(await everything(log)).toEqual([]);
  });

  test("no name with a line break is staged, not even by hand: no stream could go on after it", async () => {
    const { schema } = await openTestLog(server);
    const client = await connect();
    for (const names of ["'a\nb', 'message'", "'a', 'mess\rage'", "'', 'message'", "'a', ''"]) {
      const insert = `insert into ${schema}.staged (channel, type, data) values (${names}, '1')`;
      await expect(client.query(insert), names).rejects.toThrow("violates check constraint");
    }
  });
});
