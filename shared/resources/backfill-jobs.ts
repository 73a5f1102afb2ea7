/** Where a job's list of objects comes from. */
export type JobList =
  /** The engine lists the bucket itself: what is current when the job begins. */
  | { readonly kind: "bucket"; readonly bucketArn: string; readonly owner: string; readonly prefix?: string }
  /** The manifest.json of an S3 Inventory report in CSV. */
  | { readonly kind: "inventory"; readonly objectArn: string; readonly etag: string };

/** A job that has a function invoked for the objects of a list. */
export interface JobOrder {
  /** The account that it is created in, that of the function and of the role. */
  readonly account: string;
  readonly region: string;
  readonly functionArn: string;
  readonly roleArn: string;
  readonly bucket: string;
  /** The bucket's owner; given to the function with the objects. */
  readonly owner: string;
  readonly list: JobList;
  readonly report?: JobReport;
  /** At most 256 letters; job lists show it. */
  readonly description: string;
  /** The engine creates one job for a token, however often it is asked. */
  readonly token: string;
}

/** Where the engine writes what became of the objects, once the job is over. */
export interface JobReport {
  readonly bucketArn: string;
  readonly prefix: string;
  readonly isFailedOnly: boolean;
}

/** In the words of S3 Batch Operations. */
export type JobStatus =
  | "New"
  | "Preparing"
  | "Suspended"
  | "Ready"
  | "Active"
  | "Pausing"
  | "Paused"
  | "Completing"
  | "Complete"
  | "Cancelling"
  | "Cancelled"
  | "Failing"
  | "Failed";

/** A job as it is listed. */
export interface JobSummary {
  readonly id: string;
  readonly status: JobStatus;
  readonly description: string;
  readonly createdAtMs: number;
  /** Objects in its list; 0 until that is prepared. */
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** A job as it is described. */
export interface JobState extends JobSummary {
  /** How long it has been at work. */
  readonly activeSeconds: number;
  /** Why it failed as a whole; none where it didn't. */
  readonly failures: readonly string[];
  readonly functionArn: string | undefined;
  /** `manifest` is the key of the file that lists the report's others. */
  readonly report?: JobReport & { readonly manifest: string };
}

/**
 * Jobs of an engine that goes through a bucket's objects, in one account and Region. Every method throws CordonError: `unavailable` when AWS gives no usable answer,
 * `denied` when it refuses, `misconfigured` when it takes the request for a mistake.
 */
export interface BackfillJobs {
  /** Gives the job's id. It begins by itself. */
  create(order: JobOrder): Promise<string>;
  /** Undefined when there is no such job. */
  describe(id: string): Promise<JobState | undefined>;
  /**
   * Newest first: those under way, and those that ended within 90 days.
   *
   * @param isCounted whether it has to be told how far each is, which may take more calls: else counts may be 0
   */
  list(isCounted: boolean): Promise<readonly JobSummary[]>;
  /** Stops a job; what is done stays done. False when it is over already. */
  cancel(id: string, reason: string): Promise<boolean>;
}
