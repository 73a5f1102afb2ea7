import fc from "fast-check";
import { expect, it } from "vitest";
import { chunksOf, contentOf, generated, joined } from "../../sandbox/s3/content.ts";
import { contentRange, readRange } from "../../sandbox/s3/ranges.ts";

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

it("parts that are joined read like the whole, wherever a read begins and ends", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), fc.nat(200), fc.nat(200), (parts, a, b) => {
      const whole = Buffer.concat(parts);
      const content = joined(parts.map(contentOf));
      const [from, to] = [Math.min(a, b, whole.length), Math.min(Math.max(a, b), whole.length)];

      expect(content.sizeBytes).toBe(whole.length);
      expect(Buffer.from(content.read(from, to))).toEqual(whole.subarray(from, to));
      expect(Buffer.concat([...chunksOf(content, from, to)])).toEqual(whole.subarray(from, to));
    }),
  );
});

it("a large content comes in pieces that are its bytes in order", () => {
  const content = generated(2 ** 21 + 50, (from, to) =>
    Uint8Array.from({ length: to - from }, (_, n) => (from + n) % 251),
  );

  const pieces = [...chunksOf(content, 7, content.sizeBytes)];

  expect(pieces).toHaveLength(3);
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(content.read(7, content.sizeBytes)));
});

it("a content that gives too few bytes is found out", () => {
  expect(() => generated(10, () => new Uint8Array(3)).read(0, 10)).toThrow("10 bytes, and gave 3");
});

it("a range is a stretch of the content that isn't empty, none, or an answer of 416", () => {
  const number = fc.oneof(fc.constant(""), fc.nat(60).map(String));
  fc.assert(
    fc.property(number, number, fc.nat(50), (first, last, sizeBytes) => {
      const text = `bytes=${first}-${last}`;
      let range: ReturnType<typeof readRange>;
      try {
        range = readRange(text, sizeBytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "InvalidRange", status: 416 });
        expect(sizeBytes === 0 || Number(first) >= sizeBytes || (first === "" && Number(last) === 0)).toBe(true);
        return;
      }
      if (range === undefined) {
        expect((first === "" && last === "") || Number(last) < Number(first)).toBe(true);
        return;
      }
      expect(range.from).toBeLessThan(range.to);
      expect(range.to).toBeLessThanOrEqual(sizeBytes);
      expect(range.from).toBe(first === "" ? Math.max(0, sizeBytes - Number(last)) : Number(first));
      expect(contentRange(range, sizeBytes)).toBe(`bytes ${range.from}-${range.to - 1}/${sizeBytes}`);
    }),
  );
});
