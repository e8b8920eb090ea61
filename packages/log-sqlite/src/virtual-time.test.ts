import { describe, expect, test } from "vitest";
import { driver, entry, everything, temporaryPath, openApplication, openLog } from "../trials/temporary-file.ts";
import { VirtualClock } from "../../testing/src/virtual-clock.ts";

describe(`a log in virtual time, by ${driver.name}`, () => {
  test("an append waits for other writers for its patience, by the given clock", async () => {
    const path = temporaryPath();
    const clock = new VirtualClock();
    const log = openLog(path, { clock, patience: 3_000 });
    const application = openApplication(path);
    application.exec("begin immediate");
    let outcome = "waits";
    const appending = log.append([entry("a", "1")]).catch(() => (outcome = "refused"));
    await clock.advance(2_990);
    expect(outcome).toBe("waits");
    await clock.advance(20);
    expect(outcome).toBe("refused");
    await appending;
    application.exec("rollback");
    const again = log.append([entry("a", "2")]);
    await clock.advance(1);
    await again;
    expect(await everything(log)).toEqual(["2"]);
  });

  test("a commit of another handle wakes at the next poll, and a closed log leaves no timer", async () => {
    const path = temporaryPath();
    const clock = new VirtualClock();
    const [log, other] = [openLog(path, { clock }), openLog(path, { clock })];
    let wakes = 0;
    log.watch(() => wakes++);
    const appending = other.append([entry("a", "1")]);
    await clock.advance(1);
    await appending;
    expect(wakes).toBe(0);
    await clock.advance(5);
    expect(wakes).toBe(1);
    await log.close();
    expect(clock.pending).toBe(0);
  });
});
