/** A stream that can be closed before it is read, which a generator's `return` would not pass on. */
export interface Chunks extends AsyncIterableIterator<Uint8Array> {
  return(): Promise<IteratorResult<Uint8Array>>;
}

/** The first bytes of a stream, and the stream with them still in it. */
export interface Peeked {
  readonly head: Uint8Array;
  /** The stream ended within the head. */
  readonly isAll: boolean;
  readonly chunks: Chunks;
}

/**
 * Looks at the first bytes of a stream. The head is the same however the stream is cut into chunks.
 *
 * @param chunks read once; whoever doesn't read the result to its end calls its `return`, as `for await` does
 */
export async function peek(chunks: AsyncIterable<Uint8Array>, headBytes: number): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  let isAll = false;
  while (bytes < headBytes && !isAll) {
    const { value, done } = await iterator.next();
    if (done === true) isAll = true;
    else {
      first.push(value);
      bytes += value.length;
    }
  }
  const head = Buffer.concat(first);
  return { head: head.subarray(0, headBytes), isAll, chunks: resume(head, iterator) };
}

function resume(head: Uint8Array, iterator: AsyncIterator<Uint8Array>): Chunks {
  let isHeadDue = head.length > 0;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!isHeadDue) return iterator.next();
      isHeadDue = false;
      return { value: head, done: false };
    },
    async return() {
      isHeadDue = false;
      await iterator.return?.();
      return { value: undefined, done: true };
    },
  };
}
