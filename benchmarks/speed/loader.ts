// The clients of a measurement on a machine without a compiler. It knows the same commands as `loader.c`.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

const [port = "", file = ""] = process.argv.slice(2);
const MARK = 0x7e;
/** Between the time of an event and its mark: `,"text":"`. */
const BEFORE_MARK = 9;
/** Every so many connections is asked for delays. */
const SAMPLED = 16;
const OPENING = 128;

const request = readFileSync(file, "latin1");
const headEnd = request.indexOf("\r\n\r\n") + 4;
const [head, rest] = [request.slice(0, headEnd), request.slice(headEnd)];
/** All connections read into the same memory: what comes is counted at once. */
const buffer = Buffer.alloc(256 * 1024);
let connections: Socket[] = [];
let open = 0;
let lost = 0;
let opening = 0;
let wanted = 0;
let isStalling = false;
let events = 0;
let bytes = 0;
let delays: number[] = [];
let lastEventAt = 0;
/** What the last command waits for. */
let isDone = (): boolean => false;

const now = (): number => Number(process.hrtime.bigint() / 1_000n);

function openConnection(): void {
  const id = connections.length;
  const stalls = isStalling;
  let isOpen = false;
  const callback = (size: number): boolean => {
    bytes += size;
    if (!isOpen) {
      isOpen = true;
      open++;
      opening--;
      if (rest !== "") socket.write(rest, "latin1");
    }
    if (stalls) return false;
    count(id, buffer.subarray(0, size));
    return true;
  };
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true, onread: { buffer, callback } });
  socket.on("error", () => {}).on("close", () => void lost++);
  socket.write(head.replaceAll("{n}", `${id}`), "latin1");
  connections.push(socket);
  opening++;
}

function count(id: number, data: Buffer): void {
  for (let at = data.indexOf(MARK); at !== -1; at = data.indexOf(MARK, at + 1)) {
    events++;
    lastEventAt = now();
    if (id % SAMPLED !== 0) continue;
    const before = data.toString("latin1", Math.max(0, at - BEFORE_MARK - 20), Math.max(0, at - BEFORE_MARK));
    const digits = /\d+$/.exec(before);
    if (digits !== null) delays.push(lastEventAt - Number(digits[0]));
  }
}

function answer(): void {
  isDone = () => false;
  const { user, system } = process.cpuUsage();
  const sorted = delays.toSorted((one, other) => one - other);
  const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const [p50, p99] = [quantile(0.5), quantile(0.99)];
  console.log(JSON.stringify({ open, lost, events, bytes, lastEventAt, cpu: user + system, p50, p99 }));
  events = 0;
  bytes = 0;
  delays = [];
}

createInterface(process.stdin).on("line", (line) => {
  const [command, number, quiet] = line.split(" ");
  if (command === "collect") {
    lastEventAt = now();
    isDone = () => events >= Number(number) || now() - lastEventAt > Number(quiet) * 1_000;
  } else if (command === "close") {
    for (const socket of connections) socket.removeAllListeners("close").destroy();
    connections = [];
    open = 0;
    opening = 0;
    wanted = 0;
    answer();
  } else {
    isStalling = command === "stall";
    wanted = connections.length + Number(number);
    isDone = () => open + lost >= wanted;
  }
});

setInterval(() => {
  while (opening < OPENING && connections.length < wanted) openConnection();
  if (isDone()) answer();
}, 1);
