import { type Document, isMap, isNode, isScalar, type Scalar, visit } from "yaml";
import type { Problem } from "./problems.ts";

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

/** Keys that mean something to JavaScript's objects; a schema would not see them. Pure. */
export function reservedKeys(document: Document): readonly { readonly key: string; readonly offset: number }[] {
  const found: { key: string; offset: number }[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && RESERVED.has(String(key.value)))
        found.push({ key: String(key.value), offset: key.range?.[0] ?? 0 });
    },
  });
  return found;
}

/** Where a mistake stands in the text: the key or value itself or, when it is missing, the mapping that lacks it. Pure. */
export function offsetOf(document: Document, text: string, { path, offset: within, isKey = false }: Problem): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      if (isKey && index === path.length - 1) return offset;
      node = pair.value;
    } else {
      const parent: unknown = node;
      node =
        isNode(parent) && "get" in parent
          ? (parent as { get(key: unknown, keep: true): unknown }).get(part, true)
          : undefined;
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    }
    if (isScalar(node) && node.range) offset = node.range[0];
  }
  return within !== undefined && isScalar(node) ? letterOf(node, text, within) : offset;
}

/**
 * Where a letter of a scalar's value stands in the text. However the scalar is written (quoted, folded over lines, as a block), its letters other than
 * white space come in the same order.
 */
function letterOf(scalar: Scalar, text: string, index: number): number {
  const start = scalar.range?.[0] ?? 0;
  const isBlock = scalar.type === "BLOCK_FOLDED" || scalar.type === "BLOCK_LITERAL";
  const isQuoted = scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE";
  let at = isBlock ? text.indexOf("\n", start) + 1 : start + (isQuoted ? 1 : 0);
  let before = String(scalar.value).slice(0, index).replaceAll(/\s/g, "").length;
  for (; at < text.length; at++) {
    if (/\s/.test(text[at] ?? "")) continue;
    if (before-- === 0) return at;
  }
  return start;
}
