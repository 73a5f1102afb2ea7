import type { RecordedCall } from "../sandbox/index.ts";

/** What both contestants are given to do, over and over, each time something new. */
export interface Job {
  /** The function of Cordon's that does it. */
  readonly functionName: string;
  readonly floor: {
    /** Its handler's module. */
    readonly entry: string;
    /**
     * What the floor sends of what Cordon was recorded to send.
     *
     * @throws Error when the calls are none of this job's
     */
    requestsOf(calls: readonly RecordedCall[]): object;
  };
  /** How many things a delivery holds by default. */
  readonly perDelivery: number;
  /** Calls that are made now and then and belong to no delivery, such as one a minute. */
  readonly occasional: readonly string[];
  /** Settings above those of every function. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes the next thing happen. */
  next(count?: number): Promise<Delivery>;
}

/** What has happened, as the function's queue delivers it. */
export interface Delivery {
  readonly batch: object;
  /** What the next delivery has in its place, by the parameter that the floor has for it; of a delivery of one. */
  readonly names: Readonly<Record<string, string>>;
  /** @throws Error when it has not been done */
  assertDone(answer: unknown): void;
}
