/**
 * How a Distributed Map goes through a list: of so many objects is a batch, which one invocation looks at (their keys and results stay far below the 256 KiB that Step
 * Functions takes) ...
 */
export const OBJECTS_PER_BATCH = 50;
/** ... so many of them at a time ... */
export const OBJECTS_AT_ONCE = 10;
/** ... and so many batches are under way: as many objects as a job of S3 Batch Operations is taken to have, in a tenth of the containers. */
export const BATCHES_AT_ONCE = 10;
