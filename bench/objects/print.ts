import { isKept } from "../figures.ts";
import { type Printer, summaryCells, verdict } from "../print.ts";
import type { ObjectsReport } from "./measure.ts";
import { isFlatFor, MEMORY_LIMIT } from "./memory.ts";

/** What tagging objects came to, as people read it. */
export function printObjects(report: ObjectsReport, { line, paint, table }: Printer): void {
  const { runs, isJudged, figures, calls, sizes, requestBytes } = report;
  line(paint("bold", "Tagging small objects by what is in them, against the same AWS calls by a plain handler"));
  line(`  warm: ${runs.warm}; cold: ${runs.cold} new processes of each; in turn`);
  line();
  table(
    ["", "Cordon", "quartiles", "floor", "quartiles", "ratio", "quartiles", "limit", "ok"],
    figures.map((figure) => [
      `${figure.what}, ${figure.unit}`,
      ...summaryCells(figure.cordon, 1),
      ...summaryCells(figure.floor, 1),
      ...summaryCells(figure.ratio, 2),
      figure.limit === undefined ? "" : figure.limit.toFixed(2),
      figure.limit === undefined ? "" : isJudged ? verdict(isKept(figure)) : "?",
    ]),
  );
  table(
    ["calls", ...calls.map(({ what }) => what), "ok"],
    (calls[0]?.calls ?? []).map(({ operation }) => {
      const of = calls.map((each) => each.calls.find((call) => call.operation === operation) ?? { made: 0, most: 0 });
      return [
        operation,
        ...of.map(({ made, most }) => `${made} of ${most}`),
        verdict(of.every(({ made, most }) => made <= most)),
      ];
    }),
  );
  line(`  Tagging an object sends ${(requestBytes / 1024).toFixed(1)} KB to AWS; the floor sends the same.`);
  line();
  table(
    ["objects of", "peak memory, MB", "ratio", "limit", "CPU per object, ms", "ok"],
    sizes.map((each) => [
      `${each.sizeBytes / 1_048_576} MiB`,
      each.peakMb.toFixed(0),
      each.ratio.toFixed(2),
      MEMORY_LIMIT.toFixed(2),
      each.cpuMs.toFixed(1),
      verdict(isFlatFor(each)),
    ]),
  );
}
