import { readFileSync } from "node:fs";
import { uptime } from "node:os";

/** Where Linux names the running boot. All containers of a host have the same name. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
/** The time of the boot is calculated, so it is rounded. In milliseconds. */
const PRECISION = 10_000;

/** Identifies the running boot of this machine. Elsewhere than on Linux, it is the time of the boot. */
export function readBoot(): string {
  try {
    return readFileSync(BOOT_ID, "utf8").trim();
  } catch {
    return `booted at ${Math.round((Date.now() - uptime() * 1_000) / PRECISION)}`;
  }
}
