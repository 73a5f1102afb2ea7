import { tellEncoding } from "./encoding.ts";
import type { Sink } from "./sink.ts";
import { HEAD_BYTES } from "./tell-format.ts";

const BUFFER_BYTES = 64 * 1024;
const LF = 0x0a;

/** Writes values as lines into a piece of the sink, many at a time. */
export interface Lines {
  put(value: Uint8Array): void;
  /** What was put so far is handed on. */
  flush(): void;
}

export function createLines(sink: Sink): Lines {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let length = 0;
  function flush(): void {
    if (length > 0) sink.push(buffer.slice(0, length));
    length = 0;
  }
  return {
    put(value) {
      if (length + value.length + 1 > BUFFER_BYTES) flush();
      if (value.length + 1 > BUFFER_BYTES) sink.push(value);
      else {
        buffer.set(value, length);
        length += value.length;
      }
      buffer[length++] = LF;
    },
    flush,
  };
}

/** Holds values back until they show whether they are text; those of a binary column are dropped. */
export interface TextGate extends Lines {
  isBinary(): boolean;
}

export function createTextGate(lines: Lines): TextGate {
  let held: Uint8Array[] | undefined = [];
  let bytes = 0;
  let isBinary = false;
  function open(): void {
    if (held === undefined) return;
    isBinary = tellEncoding(Buffer.concat(held).subarray(0, HEAD_BYTES)) === undefined;
    if (!isBinary) for (const value of held) lines.put(value);
    held = undefined;
  }
  return {
    put(value) {
      if (held === undefined) {
        if (!isBinary) lines.put(value);
        return;
      }
      held.push(value);
      bytes += value.length;
      if (bytes >= HEAD_BYTES) open();
    },
    flush() {
      open();
      lines.flush();
    },
    isBinary: () => isBinary,
  };
}
