import { lawOf, tryLaw } from "@tidings/log/conformance";
import { describe, expect, test } from "vitest";
import { openEngine, type Break } from "../test/open-engine.ts";

// Logs that are broken, each by one function of the schema. The conformance suite finds each of them out.

const FACTS = { survivesReopen: true, heedsClock: true, runs: 5 };

/** Commits take their time, so that transactions overlap, also on a machine that runs one of them at a time. */
const withoutLock: Break = (schema) => `
  create or replace function ${schema}.lock_appends() returns void language sql as $$ select $$;
  create function ${schema}.take_time() returns trigger language plpgsql as $$ begin
    perform pg_sleep(random() / 50);
    return null;
  end $$;
  create trigger take_time after insert on ${schema}.entry execute function ${schema}.take_time()`;

const withoutNotify: Break = (schema) => `
  create or replace function ${schema}.begin_append() returns void language sql as $$
    select ${schema}.lock_appends()
  $$`;

const withMovingHead: Break = (schema) => `
  create or replace function ${schema}.head() returns bigint language sql stable as $$
    select coalesce(max(seq), 0) from ${schema}.entry
  $$`;

const withoutTimeline: Break = (schema) => `
  create or replace function ${schema}.is_other_server() returns boolean language sql as $$ select false $$`;

const withEndsOfEpoch: Break = (schema) => `
  create or replace function ${schema}.id_of_end(of_channel text) returns text language sql stable as $$
    select 'epoch.' || seq from ${schema}.entry
    where channel = of_channel and type = 'end' and seq >= (select max(first) from ${schema}.epoch)
  $$`;

const withOwnRules: Break = (schema) => `
  create or replace function ${schema}.keep_of(of_channel text, keep_entries bigint, keep_age bigint)
  returns table (entries bigint, age bigint) language sql as $$ select keep_entries, keep_age $$`;

const withoutSearch: Break = (schema) => `
  create or replace function ${schema}.search_channels(keep_entries bigint, keep_age bigint, max_rows integer)
  returns boolean language sql as $$ select false $$`;

/** A sequence that gives out its numbers in steps of two. */
const withHolesInBatches: Break = (schema) => `alter sequence ${schema}.seq increment by 2`;

describe("a broken log is found out by a law:", () => {
  test.for<[string, string, Break]>([
    [
      "appends without the lock",
      "while four handles append at full speed, what a follower gets is the final list",
      withoutLock,
    ],
    [
      "conditions without the lock",
      "of four handles that expect the same value at the same time, one replaces it, and the others append nothing",
      withoutLock,
    ],
    ["appends without NOTIFY", "after a quiet time, it wakes a watcher for what another handle appends", withoutNotify],
    [
      "a head that goes back after a trim",
      "when everything was dropped, the head is where it was: a reader there has lost nothing, and goes on",
      withMovingHead,
    ],
    [
      "an epoch that survives a failover",
      "after a failover, a trim tells who has seen a lost entry, and nobody else has a gap",
      withoutTimeline,
    ],
    [
      "conditions that count on through a failover",
      "after a failover, a position that was lost is not that of the value which stands there now",
      withoutTimeline,
    ],
    [
      "ends that a failover takes although they were copied",
      "after a failover, an end that is there is still one, and a channel whose end was lost goes on",
      withEndsOfEpoch,
    ],
    [
      "positions between the entries of a batch",
      "the entries of a batch have consecutive positions, while other handles append, too",
      withHolesInBatches,
    ],
    [
      "a process that trims by its own rules",
      "every handle goes by the rules that were stored last, whatever it has stored or was told to keep itself",
      withOwnRules,
    ],
    [
      "new rules that hold only for new entries",
      "a rule that becomes shorter holds for channels that nobody uses any more, too",
      withoutSearch,
    ],
  ])("%s", { timeout: 120_000 }, async ([, title, breakIt]) => {
    const tried = tryLaw(lawOf(title), { open: openEngine(breakIt), facts: FACTS });
    await expect(tried).rejects.toMatchObject({ name: "AssertionError" });
  });
});
