import type { Clock, ResourceRef } from "../types.ts";

const MAX_REMEMBERED = 1_000;

export interface HowRemembered<Answer> {
  readonly clock: Clock;
  readonly ms: number;
  /** What is worth no memory: asked again by the next. */
  readonly isKept?: (answer: Answer) => boolean;
}

/**
 * `ask`, remembered per resource for a time; at most a thousand of them. Who asks while it is being asked waits for the same answer: a batch tells of ten objects in
 * one bucket at once. What fails is not remembered. Throws what `ask` throws.
 */
export function remembered<Answer>(
  ask: (resource: ResourceRef) => Promise<Answer>,
  { clock, ms, isKept = () => true }: HowRemembered<Answer>,
): (resource: ResourceRef) => Promise<Answer> {
  const memory = new Map<string, { readonly answer: Promise<Answer>; readonly untilMs: number }>();
  return async (resource) => {
    const key = `${resource.account} ${resource.arn}`;
    const known = memory.get(key);
    if (known !== undefined && clock.nowMs() < known.untilMs) return known.answer;
    if (memory.size >= MAX_REMEMBERED) memory.clear();
    const entry = { answer: ask(resource), untilMs: clock.nowMs() + ms };
    memory.set(key, entry);
    let isWorth = false;
    try {
      const answer = await entry.answer;
      isWorth = isKept(answer);
      return answer;
    } finally {
      if (!isWorth && memory.get(key) === entry) memory.delete(key);
    }
  };
}
