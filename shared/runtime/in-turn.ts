const turns = new Map<string, Promise<unknown>>();

/** Work on the same key one after the other within this container; the table's lease orders containers. Failures don't stop the next. */
export async function inTurn<Outcome>(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
  const before = turns.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  turns.set(key, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(key) === mine) turns.delete(key);
  }
}
