/** A function behind a URL: its answer is the request's body as JSON, the event itself for `/event`; `/throw` it doesn't survive. */
export async function handler(event: { rawPath: string; body?: string }): Promise<unknown> {
  if (event.rawPath === "/throw") throw new RangeError("as told");
  return event.rawPath === "/event" ? event : JSON.parse(event.body ?? "null");
}
