import type { EventLog } from "@tidings/log";
import type { Need, OpenOptions } from "@tidings/log/conformance";

interface Place {
  killAndStart(): Promise<void>;
}
export declare const emptyPlace: (needs: readonly Need[]) => Promise<Place>;
export declare const myLog: (place: Place, options: OpenOptions) => Promise<EventLog>;
