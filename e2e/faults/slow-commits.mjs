// Preloaded into a program (`node --import`): every commit of SQLite that writes takes as long as on a slow disk.
import { createRequire } from "node:module";

/** Milliseconds that a commit waits for the disk. */
const COMMIT = 300;

const node = process.getBuiltinModule("node:sqlite");
const { prototype } = node?.DatabaseSync ?? createRequire(process.argv[1])("libsql");
const exec = Reflect.get(prototype, "exec");
/** The handles that have a transaction open which writes. */
const writing = new WeakSet();

prototype.exec = function slowExec(sql) {
  if (sql === "begin immediate") writing.add(this);
  // The wait blocks the process, as `fsync` does.
  if (sql === "commit" && writing.has(this)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, COMMIT);
  if (sql === "commit" || sql === "rollback") writing.delete(this);
  return Reflect.apply(exec, this, [sql]);
};
