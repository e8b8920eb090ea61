// Ends this process when npm is gone. npm starts a script through a shell, which passes no signal on, and an npm that
// is killed passes none. Looks ten times a second, because a port has to be free within one.
import { readFileSync } from "node:fs";

/** The parent, and on Linux the parent's parent: the first may be the shell, the second npm. */
function ancestors() {
  try {
    return [process.ppid, /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${process.ppid}/status`, "utf8"))?.[1]].join();
  } catch {
    return String(process.ppid);
  }
}

// A program that was not started by npm may outlive its parent.
if (process.env.npm_execpath !== undefined) {
  const before = ancestors();
  setInterval(() => ancestors() === before || process.kill(process.pid, "SIGTERM"), 100).unref();
}
