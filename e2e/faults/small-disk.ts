import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freshFolder } from "../fresh-folder.ts";

/** A disk of some MiB that a test has for itself, in memory. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, "ballast");
  }

  /** It is gone when the test has finished; null where nobody may mount one. */
  static async mount(mebibytes: number): Promise<SmallDisk | null> {
    const folder = await freshFolder();
    try {
      run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder);
    } catch {
      return null;
    }
    // Lazily, so that it goes even while a server that hangs has a file of it.
    onTestFinished(() => run("umount", "-l", folder));
    return new SmallDisk(folder);
  }

  /** Leaves not a byte. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (const size of [65_536, 4_096]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  /** Takes back what {@link fill} has put there. */
  free(): void {
    rmSync(this.#ballast);
  }

  /** Nobody may have a file open for writing. */
  allow(access: "ro" | "rw"): void {
    run("mount", "-o", `remount,${access}`, this.folder);
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

/** @throws Error with its complaint */
function run(command: string, ...given: string[]): void {
  const { status, stderr, error } = spawnSync(command, given, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`Expected ${command} ${given.join(" ")} to work, got: ${error?.message ?? stderr}`);
}
