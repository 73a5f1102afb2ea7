/** A function that does to each object of a batch what the object's key says, for tests of S3 Batch Operations. */

interface Task {
  taskId: string;
  s3Key: string;
}
interface Batch {
  invocationSchemaVersion: string;
  invocationId: string;
  job: unknown;
  tasks: Task[];
}

const attempts = new Map<string, number>();

export async function handler(event: Batch): Promise<unknown> {
  console.log(`batch ${JSON.stringify(event)}`);
  const { invocationSchemaVersion, invocationId } = event;
  const keys = event.tasks.map(({ s3Key }) => decodeURIComponent(s3Key.replaceAll("+", " ")));
  if (keys.some((key) => key.startsWith("throw"))) throw new RangeError("as told");
  if (keys.some((key) => key.startsWith("garbage"))) return { status: "done" };
  const results = event.tasks
    .map(({ taskId }, index) => ({ taskId, ...answerFor(keys[index] ?? "") }))
    .filter(({ resultString }) => !resultString.startsWith("missing"));
  return { invocationSchemaVersion, invocationId, treatMissingKeysAs: "PermanentFailure", results };
}

function answerFor(key: string): { resultCode: string; resultString: string } {
  const attempt = (attempts.get(key) ?? 0) + 1;
  attempts.set(key, attempt);
  const isLater = key.startsWith("later") && attempt < 2;
  const resultCode = key.startsWith("bad")
    ? "PermanentFailure"
    : isLater || key.startsWith("never")
      ? "TemporaryFailure"
      : "Succeeded";
  return { resultCode, resultString: key };
}
