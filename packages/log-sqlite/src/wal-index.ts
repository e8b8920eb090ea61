import { closeSync, openSync, readSync } from "node:fs";

/** What the -shm file says about the -wal file (sqlite.org/walformat.html, "The WAL-Index File Format"). */
export interface WalIndex {
  /** How many frames of the -wal file belong to commits. */
  readonly frames: number;
  /** How many of them are in the file itself, too. */
  readonly movedFrames: number;
  /** Tells the frames apart from those that were in the -wal file before. */
  readonly salts: string;
}

/** The bytes of the header, which is there twice: a process that writes it may be killed. */
const HEADER = 48;
const FRAMES_AT = 16;
const SALTS_AT = 32;
const MOVED_FRAMES_AT = 96;

/** Reads the -shm file. Null if there is none, or if another process writes its header at this moment. */
export function readWalIndex(database: string): WalIndex | null {
  const bytes = readStart(`${database}-shm`, MOVED_FRAMES_AT + 4);
  if (bytes === null || !bytes.subarray(0, HEADER).equals(bytes.subarray(HEADER, 2 * HEADER))) return null;
  // The numbers have the order of bytes of the machine.
  const numbers = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return {
    frames: numbers[FRAMES_AT / 4] ?? 0,
    movedFrames: numbers[MOVED_FRAMES_AT / 4] ?? 0,
    salts: bytes.toString("hex", SALTS_AT, SALTS_AT + 8),
  };
}

/**
 * Whether commits that a killed process has left in the -wal file are gone from it. SQLite takes the frames up to the
 * first one that is damaged, and says nothing of the others.
 *
 * @param left what the last process has left
 * @param found what SQLite has found in the -wal file since
 */
export function lacksCommits(left: WalIndex | null, found: WalIndex | null): boolean {
  if (left === null || left.frames <= left.movedFrames) return false;
  return found === null || found.salts !== left.salts || found.frames < left.frames;
}

function readStart(path: string, length: number): Buffer | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(length);
    return readSync(file, bytes, 0, length, 0) === length ? bytes : null;
  } finally {
    closeSync(file);
  }
}
