// Starts other programs: without a shell, in our own process group, and never leaves one behind.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { readManifest, root } from "./workspace.mjs";

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
let stopping = false;

/** npm-cli.js where npm started us; read before `cleanEnvironment` removes it. */
const npmScript = process.env.npm_execpath;

/** A child that has not ended this many milliseconds after it was asked to is killed. */
const PATIENCE = 800;

/**
 * Makes our environment, which children inherit, the one of a terminal: the variables that npm sets for its scripts
 * would configure the tools that we start; what those tools need on PATH is in node_modules/.bin.
 */
export function cleanEnvironment() {
  for (const name of Object.keys(process.env)) if (/^npm_/i.test(name)) delete process.env[name];
  const path = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  process.env[path] = [join(root, "node_modules", ".bin"), process.env[path]].filter(Boolean).join(delimiter);
  process.env.TURBO_TELEMETRY_DISABLED = "1";
  process.env.TURBO_NO_UPDATE_NOTIFIER = "1";
}

const signals = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/** From now on SIGINT, SIGTERM and SIGHUP end the children first, then us. */
export function endWithSignals() {
  for (const signal of signalNames()) process.on(signal, endAll);
}

/** What runs next inside this process answers the signals itself. */
export function leaveSignals() {
  for (const signal of signalNames()) process.off(signal, endAll);
}

const signalNames = () => /** @type {(keyof typeof signals)[]} */ (Object.keys(signals));

/** @param {NodeJS.Signals} signal */
function endAll(signal) {
  if (stopping) return;
  stopping = true;
  const code = 128 + signals[/** @type {keyof typeof signals} */ (signal)];
  void Promise.all([...running].map(stop)).then(() => process.exit(code));
}

/**
 * Started by npm, we end when npm is gone, however it went: it starts us through a shell, which does not pass signals
 * on. Asked for ten times a second, because the port should be free within one.
 */
export function endWithNpm() {
  if (npmScript === undefined) return;
  const before = ancestors();
  setInterval(() => {
    if (ancestors() !== before) process.kill(process.pid, "SIGTERM");
  }, 100).unref();
}

/** Our parent, and where the system shows it, as Linux does, the parent's parent: the shell's npm. */
function ancestors() {
  const parent = process.ppid;
  try {
    // `pid (name) state ppid …`; a name may hold anything, so from the last bracket on.
    const stat = readFileSync(`/proc/${parent}/stat`, "utf8");
    return `${parent} ${stat.slice(stat.lastIndexOf(")")).split(" ")[2]}`;
  } catch {
    return String(parent);
  }
}

/**
 * Runs a Node script to its end; resolves with the exit code (1 for a signal).
 * @param {string} script
 * @param {string[]} [scriptArguments]
 * @param {import("node:child_process").SpawnOptions} [options]
 * @returns {Promise<number>}
 */
export function runNode(script, scriptArguments = [], options = {}) {
  return ending(startNode([script, ...scriptArguments], options));
}

/**
 * Like `runNode`, but what the script prints is shown only if it fails.
 * @param {string} script
 * @param {string[]} scriptArguments
 * @param {import("node:child_process").SpawnOptions} [options]
 */
export async function runQuietly(script, scriptArguments, options = {}) {
  const child = startNode([script, ...scriptArguments], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => (printed += text));
  }
  const code = await ending(child);
  if (code !== 0) console.log(printed);
  return code;
}

/**
 * @param {string[]} nodeArguments
 * @param {import("node:child_process").SpawnOptions} [options]
 */
export function startNode(nodeArguments, options = {}) {
  const child = spawn(process.execPath, nodeArguments, { cwd: root, stdio: "inherit", ...options });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/**
 * The exit code of a child, once it has ended and everything it printed was read.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number>}
 */
const ending = (child) =>
  new Promise((resolve, reject) => {
    child.once("error", reject);
    // A child that fell because we are being stopped is not a result that somebody should act on.
    child.once("close", (code) => stopping || resolve(code ?? 1));
  });

/**
 * Asks a child to end and waits until it has.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<void>}
 */
export function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/**
 * The script behind a command of a root devDependency: started with our own Node, it needs no `.cmd` on Windows.
 * @param {string} command
 * @param {string} [packageName]
 */
export function binary(command, packageName = command) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = readManifest(folder);
  const file = typeof bin === "string" ? bin : bin?.[command];
  if (file === undefined) throw new Error(`${packageName} has no command "${command}".`);
  return join(folder, file);
}

/**
 * npm-cli.js or npx-cli.js of the npm that started us, or else of the one beside this Node.
 * @param {"npm" | "npx"} command
 */
export function npmBinary(command) {
  const folders = [
    npmScript !== undefined && basename(npmScript) === "npm-cli.js" ? dirname(npmScript) : "",
    join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin"),
    join(dirname(process.execPath), "node_modules", "npm", "bin"),
    ...(process.env.PATH ?? process.env.Path ?? "")
      .split(delimiter)
      .flatMap((folder) => [
        join(folder, "..", "lib", "node_modules", "npm", "bin"),
        join(folder, "node_modules", "npm", "bin"),
        join(folder, "..", "share", "nodejs", "npm", "bin"),
      ]),
  ];
  const script = folders.map((folder) => join(folder, `${command}-cli.js`)).find(existsSync);
  if (script === undefined) throw new Error("npm was not found; it comes with Node.");
  return script;
}
