/** What a measured process answers a task. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: string };

/** Makes this process answer tasks that its parent sends, until the parent lets it go. */
export function answerTasks<Task, Value>(perform: (task: Task) => Promise<Value>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async (task: Task) => {
    const answer: Answer<Value> = await perform(task).then(
      (value) => ({ ok: true, value }),
      (error: Error) => ({ ok: false, error: error.stack ?? error.message }),
    );
    process.send?.(answer);
  });
}
