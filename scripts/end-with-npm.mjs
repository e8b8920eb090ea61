// Ends this process when npm is gone. npm starts a script through a shell, which passes no signal on, and an npm that
// is killed passes none. Looks ten times a second, because a port has to be free within one.
import { readFileSync } from "node:fs";

/** The parent, which may be the shell, and on Linux its parent, which is npm then. */
function ancestors() {
  try {
    return process.ppid + String(/^PPid:.*/m.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8")));
  } catch {
    return String(process.ppid);
  }
}

const before = ancestors();
// A program that npm did not start may outlive its parent.
if (process.env.npm_execpath !== undefined) {
  setInterval(() => ancestors() === before || process.kill(process.pid, "SIGTERM"), 100).unref();
}
