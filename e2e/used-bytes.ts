import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The bytes that this process holds, garbage aside. */
export function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what the flag brings
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
