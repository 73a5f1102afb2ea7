/** How much of one object may be looked at. Policy sets it. */
export interface ContentLimits {
  /** Read from S3, in all. */
  readonly maxBytes: number;
  /** The first of them, read in one go. */
  readonly headBytes: number;
  /** So many ranged reads besides the head's and those that find a file's directory. */
  readonly samples: number;
  readonly sampleBytes: number;
  /** Decompressed and unpacked, in all: what a bomb is held to. */
  readonly maxInflatedBytes: number;
  /** When to stop, by the clock that is passed in. Nothing is begun after it. */
  readonly deadlineMs: number;
}

export interface Clock {
  nowMs(): number;
}

/** A limit was reached: what was handed to the scanner so far counts, the rest is not looked at. Caught in `inspectContent`. */
export class LimitReached extends Error {
  override readonly name = "LimitReached";
  /** `budget`: what policy lets be read of a sound file. `bound`: what no sound file reaches. `time`: another time it may be enough. */
  readonly of: "budget" | "bound" | "time";

  constructor(message: string, of: LimitReached["of"]) {
    super(message);
    this.of = of;
  }
}

/** Nothing can be said of the content, or of the rest of it. The reason never quotes the content. Caught in `inspectContent`. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** Counts what is unpacked, and watches the time. */
export interface Meter {
  /** How many of these bytes may still be handed on. When not all of them, the caller hands those on and then calls `exceed`. */
  allow(bytes: number): number;
  /** @throws LimitReached always */
  exceed(): never;
  /** @throws LimitReached when the deadline has passed */
  checkTime(): void;
}

export function createMeter({ maxInflatedBytes, deadlineMs }: ContentLimits, clock: Clock): Meter {
  let left = maxInflatedBytes;
  return {
    allow(bytes) {
      const allowed = Math.min(bytes, left);
      left -= allowed;
      return allowed;
    },
    exceed() {
      throw new LimitReached(`it unpacks to more than ${maxInflatedBytes} bytes: the rest was not looked at`, "bound");
    },
    checkTime() {
      if (clock.nowMs() >= deadlineMs) throw new LimitReached("the time for it was over", "time");
    },
  };
}
