import { printAbsences } from "./absence.ts";
import { peersOf } from "./peers.ts";

// What a reader gets after an absence in which the server was killed and started again:
// `npx tsx --conditions @tidings/source benchmarks/peers/restart.ts [peer…]`

await printAbsences(peersOf(process.argv.slice(2)), [250], true);
