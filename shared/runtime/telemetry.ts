import { Console } from "node:console";
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { metricsNamespace } from "./metrics-namespace.ts";

/**
 * Everything goes to stderr: Lambda sends both streams to CloudWatch, and by hand stdout then holds the answer alone. Powertools has no option for
 * it, so its console is replaced (test/e2e checks that stdout stays clean, should a later version keep it elsewhere).
 */
const stderr = new Console({ stdout: process.stderr, stderr: process.stderr });

export function makeLogger(serviceName: string): Logger {
  return Object.assign(new Logger({ serviceName }), { console: stderr });
}

/** In a namespace of the stack's: the beat of one cell must not stand for another's in the same account and Region. */
export function makeMetrics(serviceName: string): Metrics {
  const namespace = metricsNamespace(process.env.CORDON_STACK);
  return Object.assign(new Metrics({ namespace, serviceName }), { console: stderr });
}
