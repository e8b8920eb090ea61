import type { Address } from "@tidings/contract";
import type { ByeReason } from "@tidings/protocol";
import type { ConnectionInfo, Viewer } from "../hub-options.ts";
import type { Admission } from "../request/admission.ts";
import type { CommandedStream } from "../rights/commands.ts";
import type { Hooks } from "../runtime/hooks.ts";
import type { Trace } from "../runtime/trace.ts";
import type { TimedStream } from "./heartbeats.ts";

/** An open stream, as far as the parts of a hub deal with it. */
interface OpenStream extends TimedStream, CommandedStream {
  readonly info: ConnectionInfo<Address, Viewer>;
  /** Says `bye` at once, and leaves its room to others. */
  endNow(reason: ByeReason, retry: number | null): void;
}

interface OpenStreamNeeds {
  readonly admission: Pick<Admission, "enter" | "leave">;
  readonly hooks: Pick<Hooks, "connected" | "disconnected">;
  readonly trace: Pick<Trace, "add">;
}

/** The open streams of a process. To end streams in a loop, walk over a copy. */
export interface OpenStreams extends Iterable<OpenStream> {
  readonly size: number;
  add(stream: OpenStream): void;
  /** The open streams of a viewer, in the order in which they began. */
  ofViewer(viewerId: string): readonly OpenStream[];
  /** The open stream of a viewer that began first. */
  oldestOf(viewerId: string): OpenStream | undefined;
  /** Does nothing for a stream that was never added, or is removed already. */
  remove(stream: OpenStream): void;
}

export function createOpenStreams({ admission, hooks, trace }: OpenStreamNeeds): OpenStreams {
  const open = new Set<OpenStream>();
  /** In the order in which they began. Mostly one, which an array holds in less memory than a set. */
  const byViewer = new Map<string, OpenStream[]>();
  return {
    [Symbol.iterator]: () => open.values(),

    get size() {
      return open.size;
    },

    ofViewer: (viewerId) => byViewer.get(viewerId) ?? [],
    oldestOf: (viewerId) => byViewer.get(viewerId)?.[0],

    add(stream) {
      const { id, info, viewerId } = stream;
      open.add(stream);
      const ofViewer = byViewer.get(viewerId);
      if (ofViewer === undefined) byViewer.set(viewerId, [stream]);
      else ofViewer.push(stream);
      admission.enter(viewerId);
      trace.add("debug", "connect", { connection: id, viewer: viewerId });
      hooks.connected(info);
    },

    remove(stream) {
      const { id, info, viewerId } = stream;
      if (!open.delete(stream)) return;
      const ofViewer = byViewer.get(viewerId) ?? [];
      ofViewer.splice(ofViewer.indexOf(stream), 1);
      if (ofViewer.length === 0) byViewer.delete(viewerId);
      admission.leave(viewerId);
      trace.add("debug", "disconnect", { connection: id, viewer: viewerId });
      hooks.disconnected(info);
    },
  };
}
