import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../temporary-folder.ts";
import { onTestFinished } from "vitest";

/** A file system of some MiB in memory, for one test. */
export class SmallDisk {
  readonly folder: string;
  readonly #ballast: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#ballast = join(folder, "ballast");
  }

  /** It is unmounted when the test has finished. Null where mounting is not allowed. */
  static async mount(mebibytes: number): Promise<SmallDisk | null> {
    const folder = await temporaryFolder();
    try {
      run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder);
    } catch {
      return null;
    }
    // Lazily, so that it works while a server that hangs has a file open.
    onTestFinished(() => run("umount", "-l", folder));
    return new SmallDisk(folder);
  }

  /** Fills the disk to the last byte. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    try {
      for (const size of [65_536, 4_096]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  /** Undoes {@link fill}. */
  free(): void {
    rmSync(this.#ballast);
  }

  /** Remounts it. A process that has a file open for writing prevents that. */
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

/** @throws Error with what the command has written to stderr */
function run(command: string, ...given: string[]): void {
  const { status, stderr, error } = spawnSync(command, given, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`Expected ${command} ${given.join(" ")} to work, got: ${error?.message ?? stderr}`);
}
