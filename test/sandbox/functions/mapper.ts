/** A function that does to a batch of a Distributed Map what its keys say, for tests of Step Functions. */

interface Batch {
  BatchInput: unknown;
  Items: { Key: string }[];
}

const attempts = new Map<string, number>();

export async function handler(event: Batch): Promise<unknown> {
  const keys = event.Items.map(({ Key }) => Key);
  const [first = ""] = keys;
  const attempt = (attempts.get(first) ?? 0) + 1;
  attempts.set(first, attempt);
  const fail = (name: string) => Object.assign(new Error(`as told, attempt ${attempt}`), { name });
  if (keys.some((key) => key.includes("slow"))) await new Promise((done) => setTimeout(done, 500));
  if (keys.some((key) => key.includes("never"))) throw fail("Never");
  if (keys.some((key) => key.includes("later")) && attempt < 3) throw fail("Later");
  if (keys.some((key) => key.includes("stubborn"))) throw fail("Later");
  return { keys, input: event.BatchInput, attempt };
}
